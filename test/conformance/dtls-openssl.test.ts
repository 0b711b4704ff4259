import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { conform } from './report.ts';

conform(dtlsOpenssl);

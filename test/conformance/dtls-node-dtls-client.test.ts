import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { conform } from './report.ts';

conform(dtlsNodeDtlsClient, { peer: dtlsOpenssl });

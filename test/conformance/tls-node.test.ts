import { tlsNode } from '@avs-net/tls-node';
import { conform } from './report.ts';

conform(tlsNode);

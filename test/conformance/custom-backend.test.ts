import { customBackend } from '../../examples/custom-backend/src/index.ts';
import { conform } from './report.ts';

conform(customBackend);

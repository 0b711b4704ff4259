import { conformance } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { describe, it } from 'vitest';
import { customBackend } from './index.ts';

conformance(customBackend, { core, describe, it: (name, body) => it(name, (context) => body(context)) });

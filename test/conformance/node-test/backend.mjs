// The kit under node's own runner, on what is built, as a backend author without vitest would write it.
import { describe, it } from 'node:test';
import { conformance } from '@avs-net/conformance';
import * as core from '@avs-net/core';
import { customBackend } from '@example/custom-backend';

conformance(customBackend, { core, describe, it });

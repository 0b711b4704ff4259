/**
 * Every DTLS backend of the workspace, the reference backend included, sorted by what its claims and its probe say.
 * Tests iterate over these lists and never name a backend themselves. What is unavailable is absent from the lists and
 * is reported by the test that counts them.
 */

import { createNet, type Plugin } from '@avs-net/core';
import { dtlsNodeDtlsClient } from '@avs-net/dtls-node-dtls-client';
import { dtlsOpenssl } from '@avs-net/dtls-openssl';
import { udp } from '@avs-net/udp';
import { customBackend } from '../examples/custom-backend/src/index.ts';

export const dtlsPlugins: readonly Plugin[] = [dtlsOpenssl, dtlsNodeDtlsClient, customBackend];
export const plugins: readonly Plugin[] = [udp, ...dtlsPlugins];

const probed = await createNet({ plugins, use: { dtls: dtlsPlugins.map(({ name }) => name) } }).backends();

export const unavailable = probed.filter(({ available }) => !available);

const available = (role: 'client' | 'server'): readonly Plugin[] =>
  dtlsPlugins.filter(({ name }) => {
    const backend = probed.find((candidate) => candidate.name === name);
    return backend?.available === true && backend.claims[role]?.security.includes('psk') === true;
  });

export const clients = available('client');
export const servers = available('server');

/**
 * A backend for avs-net as a third party would write it: DTLS 1.2 with pre-shared keys on nothing but node:crypto.
 * Not for production: it exists to be read, and to prove the contract.
 */

export { customBackend, customBackend as default } from './plugin.ts';

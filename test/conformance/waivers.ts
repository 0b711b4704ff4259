/** Cases that a backend is known to fail, and why. Printed with every run; a waiver whose case passes is a failure. */

import type { Waiver } from '@avs-net/conformance';

export const WAIVERS: Readonly<Record<string, readonly Waiver[]>> = {};

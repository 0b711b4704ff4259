/** What both ends of a measurement know. */

export const IDENTITY = 'bench';
export const KEY: Uint8Array = new Uint8Array(16).map((_, index) => index + 1);
/** The mandatory suite of CoAP, which all that is measured can speak. */
export const SUITE = 'TLS_PSK_WITH_AES_128_CCM_8';

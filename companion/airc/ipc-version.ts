/** Owns the version of the local protocol of airc that is spoken here. */

export const IPC_PROTOCOL_VERSION = 5;

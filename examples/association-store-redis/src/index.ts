/** A store of associations in Redis. */

export { type RedisCommands, type RedisStoreOptions, redisAssociationStore } from './redis-association-store.ts';

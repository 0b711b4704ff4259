/**
 * The tree of compound sources as the sequence of its leaves, in order and without the empty ones. Each leaf knows the
 * way to it, so that an error can point at it.
 */

import type { SecurityInfo, SecurityInfoType } from '@avs-net/core/plugin';
import { inside, type Place } from './credential-error.ts';

/** What is left of `SecurityInfo` when compound and empty sources are gone. */
export type Leaf<T extends SecurityInfoType> = Exclude<SecurityInfo<T>, { source: 'empty' | 'array' | 'list' }>;

export interface PlacedLeaf<T extends SecurityInfoType> {
  readonly leaf: Leaf<T>;
  readonly place: Place;
}

/** `info` must have passed `copySecurityInfo`. */
export function flatten<T extends SecurityInfoType>(info: SecurityInfo<T>): Leaf<T>[] {
  return flattenWithPlaces(info, { operation: '', path: '' }).map(({ leaf }) => leaf);
}

export function flattenWithPlaces<T extends SecurityInfoType>(info: SecurityInfo<T>, place: Place): PlacedLeaf<T>[] {
  switch (info.source) {
    case 'empty':
      return [];
    case 'array':
      return info.elements.flatMap((element, index) => flattenWithPlaces(element, inside(place, `elements[${index}]`)));
    case 'list':
      return [...info.list].flatMap((element, index) => flattenWithPlaces(element, inside(place, `list[${index}]`)));
    default:
      return [{ leaf: info, place }];
  }
}

/** For tests: the record filter around an engine that keeps what it is given. */

import type { Association, AssociationRequest } from '@avs-net/core/plugin';
import { FakeAssociation, fakeRequest, type Report } from '../../../test/fake-association.ts';
import { type FilterRules, filtered } from '../src/record-filter.ts';

export interface FilteredFake {
  readonly filter: Association;
  readonly engine: FakeAssociation;
  readonly report: Report;
}

export function filteredFake(init: Partial<AssociationRequest> = {}, rules?: FilterRules): FilteredFake {
  const { request, report } = fakeRequest(init);
  let engine: FakeAssociation | undefined;
  const filter = filtered(
    request,
    (inner) => {
      engine = new FakeAssociation(inner);
      return engine;
    },
    rules,
  );
  return { filter, engine: engine!, report };
}

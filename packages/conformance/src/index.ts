/**
 * The conformance kit: what a backend must do to be one. The test runner and core are handed in, so that the kit
 * depends on neither; `plan` says beforehand what will be run and what must be refused.
 */

export { ASSOCIATION_STORE_CASES, type AssociationStoreCase } from './association-store-cases.ts';
export { type ConformanceOptions, conformance, type Runner, runCase } from './conformance.ts';
export type { ConformanceCase } from './conformance-case.ts';
export { type Outcome, summary } from './outcome.ts';
export { type PlannedCase, plan, type Waiver } from './plan.ts';
export type { Core } from './stage.ts';

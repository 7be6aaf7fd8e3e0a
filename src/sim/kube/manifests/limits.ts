import { PODS_MAX } from '../cluster-input.ts';

/** How much one import may bring. Larger clusters are not slower to read but hopeless to look at. */
export interface ManifestLimits {
  /** Characters of the text. */
  readonly lengthMax: number;
  readonly documentsMax: number;
  readonly podsMax: number;
  readonly servicesMax: number;
}

export const MANIFEST_LENGTH_MAX = 1_048_576;
export const DOCUMENTS_MAX = 2_000;
export const SERVICES_MAX = 2_000;

/** Levels of nesting and values in all, after aliases were put in: what stops an alias bomb. */
export const DEPTH_MAX = 60;
export const VALUES_MAX = 300_000;

/** Errors that are listed; the rest is counted. */
export const ERRORS_MAX = 50;

export const MANIFEST_LIMITS: ManifestLimits = {
  lengthMax: MANIFEST_LENGTH_MAX,
  documentsMax: DOCUMENTS_MAX,
  podsMax: PODS_MAX,
  servicesMax: SERVICES_MAX,
};

/** Policies that were found valid, as the document keeps them. */
import type { PolicyKind, PolicyObject } from '../policy-objects.ts';
import { normalisePolicy } from '../policy-spelling.ts';
import type { AdminPolicyManifest } from '../validate/admin-policy.ts';
import type { NetworkPolicyManifest } from '../validate/network-policy.ts';

// Validation has seen each word and number: the casts say what it checked.
export const toNetworkPolicy = ({ metadata = {}, spec = {} }: NetworkPolicyManifest): PolicyObject =>
  normalisePolicy({
    kind: 'NetworkPolicy',
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    spec,
  } as PolicyObject);

export const toAdminPolicy = (kind: PolicyKind, { metadata = {}, spec = {} }: AdminPolicyManifest): PolicyObject =>
  normalisePolicy({ kind, name: metadata.name ?? '', spec } as PolicyObject);

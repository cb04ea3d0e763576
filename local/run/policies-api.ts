import { createHash } from 'node:crypto';
import { ApiError } from '../core/api-error.ts';
import type { Methods } from '../core/proto-routes.ts';
import type { Table } from '../core/state.ts';
import type { Binding } from './access.ts';
import { shortName } from './names.ts';

export interface Policy {
  version?: number;
  bindings?: Binding[];
  etag?: string;
}

/** An etag of a policy is `bytes`: base64 in JSON. */
const withEtag = ({ version = 1, bindings = [] }: Policy): Policy => ({
  version,
  bindings,
  etag: createHash('sha256').update(JSON.stringify(bindings)).digest('base64').slice(0, 16),
});

/** The IAM methods of `google.cloud.run.v2.Services`. Of a policy only the public invoker has an effect here. */
export function policiesApi(policies: Table<Policy>, exists: (service: string) => boolean): Methods {
  const check = (resource: string): void => {
    if (!exists(resource))
      throw new ApiError('NOT_FOUND', `Resource '${shortName(resource)}' of kind 'SERVICE' does not exist.`);
  };
  return {
    GetIamPolicy({ resource }: { resource: string }) {
      check(resource);
      return withEtag(policies.get(resource) ?? {});
    },
    SetIamPolicy({ resource, policy = {} }: { resource: string; policy?: Policy }) {
      check(resource);
      if ((policy.bindings ?? []).some((binding) => 'condition' in binding))
        throw new ApiError('UNIMPLEMENTED', 'policy.bindings.condition: not supported by the local cloud');
      const current = withEtag(policies.get(resource) ?? {});
      if (policy.etag && policy.etag !== current.etag)
        throw new ApiError('ABORTED', 'There were concurrent policy changes. Read the policy and try again.');
      policies.set(resource, policy);
      return withEtag(policy);
    },
  };
}

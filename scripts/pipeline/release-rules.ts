import type { MergedService } from './merged-service.ts';
import { declared, didYouMean } from './nearest.ts';
import { entriesOf, find, findingAt, itemsOf, nameOf } from './placed.ts';
import type { Finding, Placed } from './placed.ts';
import { resolveRollout } from './resolve-rollout.ts';

// Rules about how releases go out that need more than one key to judge.

/** Names in `releaseSets` that are not declared, or stand there twice. */
export function releaseSetMembers(tree: Placed): Finding[] {
  const services = entriesOf(find(tree, ['services'])).map(([name]) => name);
  const sets = new Map<string, string>();
  return itemsOf(find(tree, ['releaseSets'])).flatMap((set) =>
    itemsOf(set).flatMap((member) => {
      if (member.kind !== 'scalar' || typeof member.value !== 'string') return [];
      const name = member.value;
      const quoted = JSON.stringify(name);
      if (!services.includes(name)) {
        const hint = didYouMean(name, services);
        return [findingAt(member, `is ${quoted}, which is not declared${hint}${declared(services)}`)];
      }
      const earlier = sets.get(name);
      if (earlier === undefined) {
        sets.set(name, nameOf(set.path));
        return [];
      }
      return [
        findingAt(member, `is ${quoted}, which stands in ${earlier} already; a service is in one set, once`),
      ];
    }),
  );
}

/** Approvals that nobody would ever be asked for, because no step has their percent. */
export function approvedSteps({ config, tree }: MergedService): Finding[] {
  const percents = [...resolveRollout(config.rollout).steps.map(({ percent }) => percent), 100];
  const steps = find(tree, ['rollout', 'steps']);
  const source = steps === undefined ? `the preset ${config.rollout.preset}` : nameOf(steps.path);
  return itemsOf(find(tree, ['rollout', 'approve'])).flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'number' && !percents.includes(item.value)
      ? [findingAt(item, `is ${item.value}, which is no step; those of ${source}: ${percents.join(', ')}`)]
      : [],
  );
}

import path from 'node:path';
import { setUpAlertPolicy } from './alert-policy.ts';
import { setUpBuilderImage, setUpRegistry } from './builder-image.ts';
import { setUpDatabases } from './databases.ts';
import { setUpFunctions } from './functions.ts';
import { setUpSink, setUpSubscriptions, setUpTick, setUpTopics } from './messaging.ts';
import { setUpSecrets } from './secrets.ts';
import { setUpStorage } from './storage.ts';
import type { SetupTarget } from './target.ts';
import { setUpTriggers } from './triggers.ts';

/** The checkout that this file belongs to: functions and builder come from here, also for another repository's pipeline. */
const slipwayFolder = path.resolve(import.meta.dirname, '..', '..');

/**
 * Makes everything that the pipeline needs, and leaves alone what is there: a second run changes nothing.
 * What does not depend on one another goes side by side.
 */
export async function setUp(target: SetupTarget): Promise<void> {
  const [, , { databasePasswords }] = await Promise.all([
    setUpStorage(target),
    setUpTopics(target),
    setUpSecrets(target),
    setUpRegistry(target),
  ]);
  const [builderImage, urls] = await Promise.all([
    setUpBuilderImage(target, slipwayFolder),
    setUpFunctions(target, slipwayFolder),
    setUpDatabases(target, databasePasswords),
    setUpSink(target),
    setUpAlertPolicy(target),
  ]);
  await Promise.all([setUpSubscriptions(target, urls), setUpTick(target)]);
  await setUpTriggers(target, builderImage);
}

import { AlertPolicyServiceClient, type protos } from '@google-cloud/monitoring';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { askAgain } from '../../functions/platform/retries.ts';
import paging from '../../monitoring/paging.json' with { type: 'json' };
import type { SetupTarget } from './target.ts';

type IAlertPolicy = protos.google.monitoring.v3.IAlertPolicy;

/** `300s`, as the file has it so that gcloud can read it too; the client wants a message. */
const duration = z
  .string()
  .regex(/^\d+s$/)
  .transform((text) => ({ seconds: Number(text.slice(0, -1)) }));

const definition = z
  .strictObject({
    displayName: z.string(),
    userLabels: z.strictObject({ slipway: z.string() }),
    documentation: z.strictObject({ content: z.string(), mimeType: z.literal('text/markdown') }),
    severity: z.enum(['CRITICAL', 'ERROR', 'WARNING']),
    combiner: z.literal('OR'),
    conditions: z
      .array(
        z.strictObject({
          displayName: z.string(),
          conditionMatchedLog: z.strictObject({ filter: z.string() }),
        }),
      )
      .length(1),
    alertStrategy: z.strictObject({
      notificationRateLimit: z.strictObject({ period: duration }),
      autoClose: duration,
    }),
  })
  .parse(paging);

/** What the file decides. Who is told is the pipeline's or people's, and whether it is enabled is people's. */
const decided = ['display_name', 'documentation', 'severity', 'combiner', 'conditions', 'alert_strategy'];

/**
 * The policy that tells people of what needs them, `monitoring/paging.json`: made, or brought to what the file and
 * `notificationChannels` of `pipeline.yaml` say. Without that key the channels that people have added stay.
 */
export async function setUpAlertPolicy({ api, pipeline, note }: SetupTarget): Promise<void> {
  const client = new AlertPolicyServiceClient(api.clientOptions);
  const name = `projects/${pipeline.project}`;
  const channels = pipeline.notificationChannels?.map((id) => `${name}/notificationChannels/${id}`);
  try {
    const [existing] = await client.listAlertPolicies({ name }, askAgain);
    // The name is Google's to give: the label is what it is known by.
    const found = existing.find(({ userLabels }) => userLabels?.slipway === definition.userLabels.slipway);
    if (!found) {
      await client.createAlertPolicy({
        name,
        alertPolicy: { ...definition, notificationChannels: channels ?? [] },
      });
      note(`created alert policy "${definition.displayName}"`);
      if (channels === undefined || channels.length === 0)
        note('nobody is told of it yet: pipeline.yaml has no notificationChannels');
      return;
    }
    const isAsWanted =
      isDeepStrictEqual(settingsOf(found), settingsOf(definition)) &&
      (channels === undefined || isDeepStrictEqual(found.notificationChannels ?? [], channels));
    if (isAsWanted) return;
    await client.updateAlertPolicy({
      alertPolicy: {
        ...definition,
        ...(found.name === undefined ? {} : { name: found.name }),
        ...(channels ? { notificationChannels: channels } : {}),
      },
      updateMask: { paths: [...decided, ...(channels ? ['notification_channels'] : [])] },
    });
    note(`updated alert policy "${definition.displayName}"`);
  } finally {
    await client.close();
  }
}

/** They come as a number, a text or an object, depending on the transport. */
const secondsOf = (value: protos.google.protobuf.IDuration | null | undefined): number =>
  Number((value?.seconds ?? 0).toString());

/** What setup decides about the policy; the rest is Cloud Monitoring's, or people's. */
const settingsOf = ({
  displayName,
  documentation,
  severity,
  combiner,
  conditions,
  alertStrategy,
}: IAlertPolicy): unknown => ({
  displayName,
  documentation: documentation?.content,
  severity,
  combiner,
  conditions: (conditions ?? []).map((condition) => [
    condition.displayName,
    condition.conditionMatchedLog?.filter,
  ]),
  period: secondsOf(alertStrategy?.notificationRateLimit?.period),
  autoClose: secondsOf(alertStrategy?.autoClose),
});

import type { Server } from 'node:http';
import type { CloudContext } from '../core/context.ts';
import type { ImageStore, LogWriter, MetricWriter, SecretReader, SqlSockets } from '../core/links.ts';
import { loadDescriptors, protoRoutes } from '../core/proto-routes.ts';
import type { Room } from '../core/room.ts';
import { decideAccess } from './access.ts';
import { createAddresses } from './addresses.ts';
import { readAssignment, routeClient, writeAssignment, type RoutedClient } from './affinity.ts';
import type { Front } from './front.ts';
import { createLauncher } from './launcher.ts';
import { runLimits, type RunLimits } from './limits.ts';
import { parseName, revisionName, shortName } from './names.ts';
import { policiesApi, type Policy } from './policies-api.ts';
import { createProxy } from './proxy.ts';
import type { RevisionRecord, ServiceRecord, Stores } from './records.ts';
import { noInstance, noRevision } from './refusals.ts';
import { requestEntry } from './request-entry.ts';
import { requestMeasurements } from './request-measurements.ts';
import { createRevisionPool } from './revision-pool.ts';
import { revisionsApi } from './revisions-api.ts';
import { createServiceController } from './service-controller.ts';
import { timeoutMs } from './service-rules.ts';
import { servicesApi } from './services-api.ts';
import { createSqlMounts } from './sql-mounts.ts';
import { StartFailure } from './start-failure.ts';

export interface RunLinks {
  readonly images: ImageStore;
  readonly secrets: SecretReader;
  readonly sql: SqlSockets;
  readonly log: LogWriter;
  readonly metrics: MetricWriter;
}

/**
 * Cloud Run, Admin API v2: services and revisions, whose instances are processes of this machine (one each, without
 * isolation), behind an address for every service and every tag. `random` is in [0, 1): it splits traffic and makes
 * names.
 */
export function createRunRoom(
  context: CloudContext,
  links: RunLinks,
  { random = Math.random, limits = runLimits }: { random?: () => number; limits?: RunLimits } = {},
): { room: Room } {
  const { log, metrics } = links;
  const stores: Stores = {
    services: context.table<ServiceRecord>('run', 'services'),
    revisions: context.table<RevisionRecord>('run', 'revisions'),
    policies: context.table<Policy>('run', 'policies'),
  };
  const mounts = createSqlMounts(links.sql, context.table<string>('run', 'mounts'));
  const launcher = createLauncher(context, links, mounts);
  const pool = createRevisionPool(context, stores.revisions, launcher);
  const addresses = createAddresses(context.ports, (message) => {
    context.log('warning', message);
  });
  const projectNumber = (project: string): string =>
    project === context.projectId ? context.projectNumber : project;

  const isSticky =
    (service: string) =>
    (revision: string): boolean =>
      stores.revisions.get(revisionName(service, revision))?.template.sessionAffinity === true;

  const frontOf = (name: string, tag: string): Front => ({
    access({ headers }) {
      const service = stores.services.get(name)?.service;
      const tagUris = (service?.trafficStatuses ?? []).flatMap(({ uri }) => uri ?? []);
      const rules = {
        invokerIamDisabled: service?.invokerIamDisabled ?? false,
        bindings: stores.policies.get(name)?.bindings ?? [],
        audiences: [service?.uri ?? '', ...tagUris, ...(service?.customAudiences ?? [])],
      };
      return decideAccess(rules, headers, (token) => context.identity.verify(token));
    },
    async lease({ headers }) {
      const routes = stores.services.get(name)?.routes ?? { shares: [], tags: {} };
      const short = shortName(name);
      // A tag leads to one revision, and that to one instance: there is nothing to hold to.
      const { revision, assign }: RoutedClient =
        tag === ''
          ? routeClient(routes, readAssignment(short, headers.cookie), isSticky(name), random)
          : { revision: routes.tags[tag] };
      const setCookie = assign && writeAssignment(short, assign, context.clock.now());
      const full = revisionName(name, revision ?? '');
      const record = stores.revisions.get(full);
      if (revision === undefined || !record) return noRevision(short);
      try {
        const lease = await pool.runtime(full).acquire();
        return { revision, lease, timeoutMs: timeoutMs(record.template), setCookie };
      } catch (error) {
        if (error instanceof StartFailure) return noInstance(revision, error.message);
        context.log('error', `${revision}: ${(error as Error).stack ?? String(error)}`);
        return noInstance(revision, 'The local cloud has logged the reason.');
      }
    },
    record(exchange) {
      log.write(requestEntry(name, exchange));
      for (const measurement of requestMeasurements(name, exchange)) metrics.record(measurement);
    },
  });
  const makeServer = (name: string, tag: string): Server =>
    createProxy(frontOf(name, tag), context.clock, (error) => {
      context.log('error', `${name}: ${(error as Error).stack ?? String(error)}`);
    });

  const controller = createServiceController({
    ...{ context, stores, pool, addresses, log, makeServer, limits, projectNumber },
  });
  const logUri = (revision: string): string => {
    const filter = `resource.type="cloud_run_revision" resource.labels.service_name="${parseName(revision).service}" resource.labels.revision_name="${shortName(revision)}"`;
    return `${context.origin}/console/logs?query=${encodeURIComponent(filter)}`;
  };
  const descriptors = loadDescriptors('@google-cloud/run');
  return {
    room: {
      name: 'run',
      routes: [
        ...protoRoutes(descriptors, 'google.cloud.run.v2.Services', {
          ...servicesApi({ context, stores, controller, log, random, limits, projectNumber, logUri }),
          ...policiesApi(stores.policies, (service) => stores.services.get(service) !== undefined),
        }),
        ...protoRoutes(
          descriptors,
          'google.cloud.run.v2.Revisions',
          revisionsApi({ context, stores, controller, pool, log }),
        ),
      ],
      start: () => controller.start(),
      async stop() {
        await controller.stop();
        mounts.remove();
      },
    },
  };
}

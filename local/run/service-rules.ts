import { ApiError } from '../core/api-error.ts';
import type { Container, Probe, RevisionTemplate, ServiceSpec, Volume } from './resources.ts';

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

const unsupported = (field: string, why = ''): ApiError =>
  invalid(`${field}: not supported by the local cloud${why === '' ? '' : ` (${why})`}`);

/** Set by Cloud Run itself. https://cloud.google.com/run/docs/container-contract#env-vars */
const reservedEnv = new Set(['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION']);

/** What a laptop cannot do and an application would notice. Sizes, scaling and networks have no effect and are let by. */
const refusedOfService = ['binaryAuthorization', 'iapEnabled', 'multiRegionSettings', 'defaultUriDisabled'];
const refusedOfTemplate = ['encryptionKey', 'serviceMesh', 'nodeSelector', 'healthCheckDisabled'];
const refusedOfContainer = ['sourceCode', 'baseImageUri', 'readinessProbe', 'dependsOn'];

const isSet = (value: unknown): boolean => value !== undefined && value !== false && value !== '';

function refuse(place: string, value: object, fields: readonly string[]): void {
  for (const field of fields) {
    const given = (value as Record<string, unknown>)[field];
    if (isSet(given) && !(Array.isArray(given) && given.length === 0)) throw unsupported(`${place}${field}`);
  }
}

const durationSeconds = (text: string): number =>
  /^\d+(\.\d+)?s$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;

function within(place: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || value === 0) return;
  if (value < least || value > most) throw invalid(`${place}: must be between ${least} and ${most}`);
}

/** Limits: https://cloud.google.com/run/docs/configuring/healthchecks */
function checkProbe(place: string, probe: Probe, containerPort: number, kind: 'startup' | 'liveness'): void {
  if (probe.grpc) throw unsupported(`${place}.grpc`, 'use http_get or tcp_socket');
  if (!probe.httpGet && !probe.tcpSocket)
    throw invalid(`${place}: one of http_get and tcp_socket is required`);
  const port = probe.httpGet?.port ?? probe.tcpSocket?.port ?? 0;
  if (port !== 0 && port !== containerPort) {
    throw unsupported(`${place}.port ${port}`, `only the container port, ${containerPort}, can be probed`);
  }
  const mostSeconds = kind === 'startup' ? 240 : 3600;
  within(`${place}.initial_delay_seconds`, probe.initialDelaySeconds, 0, mostSeconds);
  within(`${place}.timeout_seconds`, probe.timeoutSeconds, 1, mostSeconds);
  within(`${place}.period_seconds`, probe.periodSeconds, 1, mostSeconds);
  const { timeoutSeconds = 1, periodSeconds = 10, failureThreshold = 3 } = probe;
  if (timeoutSeconds > periodSeconds)
    throw invalid(`${place}.timeout_seconds: must not be larger than period_seconds`);
  if (kind === 'startup' && periodSeconds * failureThreshold > 240)
    throw invalid(`${place}: period_seconds * failure_threshold must not be larger than 240`);
}

function checkEnv(place: string, container: Container): void {
  const seen = new Set<string>();
  for (const [index, { name = '', valueSource }] of (container.env ?? []).entries()) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
      throw invalid(`${place}.env[${index}].name: "${name}" is not a name for an environment variable`);
    if (seen.has(name)) throw invalid(`${place}.env: the name ${name} is given twice`);
    seen.add(name);
    if (valueSource && !valueSource.secretKeyRef?.secret)
      throw invalid(`${place}.env[${index}].value_source.secret_key_ref.secret: is required`);
  }
  const reserved = [...seen].filter((name) => reservedEnv.has(name));
  if (reserved.length > 0) {
    throw invalid(
      `${place}.env: The following reserved env names were provided: ${reserved.join(', ')}. These values are automatically set by the system.`,
    );
  }
}

function checkVolumes(container: Container, volumes: readonly Volume[]): void {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const place = `template.volumes[${index}]`;
    if (!volume.name) throw invalid(`${place}.name: is required`);
    names.add(volume.name);
    const other = Object.keys(volume).find((key) => key !== 'name' && key !== 'cloudSqlInstance');
    if (other !== undefined) throw unsupported(`${place}.${other}`, 'only cloud_sql_instance');
    if (!volume.cloudSqlInstance?.instances?.length)
      throw invalid(`${place}.cloud_sql_instance.instances: at least one is required`);
  }
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const place = `template.containers[0].volume_mounts[${index}]`;
    if (!names.has(mount.name ?? ''))
      throw invalid(`${place}.name: there is no volume "${mount.name ?? ''}"`);
    if (!mount.mountPath?.startsWith('/')) throw invalid(`${place}.mount_path: must be an absolute path`);
    if (mount.subPath) throw unsupported(`${place}.sub_path`);
  }
}

function checkTemplate(serviceId: string, template: RevisionTemplate): void {
  refuse('template.', template, refusedOfTemplate);
  const [container, ...sidecars] = template.containers ?? [];
  if (!container) throw invalid('template.containers: one container is required');
  if (sidecars.length > 0) throw unsupported('template.containers[1]', 'one container, no sidecars');
  const place = 'template.containers[0]';
  refuse(`${place}.`, container, refusedOfContainer);
  if (!container.image) throw invalid(`${place}.image: is required`);
  if ((container.ports ?? []).length > 1) throw invalid(`${place}.ports: at most one port`);
  const port = containerPortOf(container);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid(`${place}.ports[0].container_port: must be between 1 and 65535`);
  if (container.ports?.[0]?.name === 'h2c') throw unsupported(`${place}.ports[0].name h2c`, 'HTTP/1 only');
  checkEnv(place, container);
  checkVolumes(container, template.volumes ?? []);
  if (container.startupProbe) checkProbe(`${place}.startup_probe`, container.startupProbe, port, 'startup');
  if (container.livenessProbe)
    checkProbe(`${place}.liveness_probe`, container.livenessProbe, port, 'liveness');
  const seconds = durationSeconds(template.timeout ?? '300s');
  if (!(seconds > 0 && seconds <= 3600)) throw invalid('template.timeout: must be between 1s and 3600s');
  const revision = template.revision ?? '';
  if (revision === '') return;
  if (!revision.startsWith(`${serviceId}-`)) {
    throw invalid(
      `template.revision: Revision name must be prefixed by the name of the enclosing Configuration or Service with a trailing -: ${revision}`,
    );
  }
  if (!/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(revision))
    throw invalid(
      `template.revision: only lower-case letters, digits and hyphens, at most 63 characters: ${revision}`,
    );
}

/** Throws INVALID_ARGUMENT that names the field. */
export function checkServiceId(serviceId: string): void {
  if (!/^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/.test(serviceId)) {
    throw invalid(
      `service_id: "${serviceId}" must begin with a letter, hold only lower-case letters, digits and hyphens, not end with a hyphen, and have at most 49 characters`,
    );
  }
}

/** Checks what a user wants, traffic apart. Throws INVALID_ARGUMENT that names the field. */
export function checkService(serviceId: string, spec: ServiceSpec): void {
  refuse('', spec, refusedOfService);
  if (spec.ingress === 'INGRESS_TRAFFIC_NONE') throw unsupported('ingress INGRESS_TRAFFIC_NONE');
  if ((spec.scaling as { scalingMode?: string } | undefined)?.scalingMode === 'MANUAL')
    throw unsupported('scaling.scaling_mode MANUAL', 'one instance a revision');
  if (!spec.template) throw invalid('template: is required');
  checkTemplate(serviceId, spec.template);
}

/** Where the container is told to listen; 8080 unless the template says otherwise. */
export const containerPortOf = (container: Container): number => container.ports?.[0]?.containerPort ?? 8080;

/** How long a request may take. */
export const timeoutMs = (template: { timeout?: string }): number =>
  durationSeconds(template.timeout ?? '300s') * 1000;

import { logsPath, quoted } from './formats.ts';

/** `Alert` of Cloud Monitoring v3 as JSON: what is shown of it. */
export interface AlertJson {
  readonly name: string;
  readonly openTime?: string;
  readonly resource?: { readonly type?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly policy?: { readonly displayName?: string };
}

export interface AlertView {
  readonly name: string;
  readonly title: string;
  /** Whose log it came from. */
  readonly source: string;
  readonly ageMs: number | undefined;
  readonly logs: string;
}

/** What the overview shows of an open alert. */
export function alertView({ name, openTime, resource, policy }: AlertJson, nowMs: number): AlertView {
  const service = resource?.labels?.service_name;
  const own = service === undefined ? '' : ` resource.labels.service_name=${quoted(service)}`;
  return {
    name,
    title: policy?.displayName ?? 'Alert',
    source: service ?? resource?.type ?? '',
    ageMs: openTime === undefined ? undefined : nowMs - Date.parse(openTime),
    logs: logsPath(`severity>=CRITICAL${own}`),
  };
}

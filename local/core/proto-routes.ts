import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import protobuf from 'protobufjs';
import { ApiError } from './api-error.ts';
import { camelCase, normalise } from './proto-json.ts';
import type { ApiRequest, HttpMethod, Route } from './room.ts';

type Json = Record<string, unknown>;

interface HttpRule {
  get?: string;
  post?: string;
  put?: string;
  patch?: string;
  delete?: string;
  body?: string;
  additional_bindings?: HttpRule | HttpRule[];
}

/**
 * One method of a service: gets the request message and returns the response message, both as canonical proto3 JSON
 * (lowerCamelCase, enums by name, int64 as string, Timestamps as RFC 3339). Throws ApiError.
 */
// The message's shape is the room's to declare: the transcoder has checked it against the descriptor.
export type Methods = Readonly<Record<string, (message: never, request: ApiRequest) => unknown>>;

/** The descriptors that the client package `packageName` ships, e.g. `@google-cloud/run`. */
export function loadDescriptors(packageName: string): protobuf.Root {
  const require = createRequire(import.meta.url);
  const main = require.resolve(packageName);
  const marker = path.join('build', 'src');
  const file = path.join(main.slice(0, main.lastIndexOf(marker)), 'build', 'protos', 'protos.json');
  const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(file, 'utf8')) as protobuf.INamespace);
  root.resolveAll();
  return root;
}

const verbs: [keyof HttpRule & ('get' | 'post' | 'put' | 'patch' | 'delete'), HttpMethod][] = [
  ['get', 'GET'],
  ['post', 'POST'],
  ['put', 'PUT'],
  ['patch', 'PATCH'],
  ['delete', 'DELETE'],
];

function bindings(rule: HttpRule): { method: HttpMethod; path: string; body: string | undefined }[] {
  const more = rule.additional_bindings === undefined ? [] : [rule.additional_bindings].flat();
  const own = verbs.flatMap(([key, method]) => {
    const template = rule[key];
    return template === undefined ? [] : [{ method, path: template, body: rule.body }];
  });
  return [...own, ...more.flatMap(bindings)];
}

function setPath(target: Json, dotted: string, value: unknown): void {
  const parts = dotted.split('.').map(camelCase);
  const last = parts.pop();
  if (last === undefined) return;
  let place = target;
  for (const part of parts) place = (place[part] ??= {}) as Json;
  place[last] = value;
}

/** System parameters of Google's REST front end, which are no fields of the request. */
const systemParameters = new Set([
  'alt',
  '$alt',
  'prettyPrint',
  'fields',
  'key',
  'access_token',
  'quotaUser',
  'uploadType',
]);

function isRepeated(type: protobuf.Type, dotted: string): boolean {
  let current: protobuf.Type | null = type;
  let field: protobuf.Field | undefined;
  for (const part of dotted.split('.')) {
    field = current?.fieldsArray.find(({ name }) => name === part || camelCase(name) === camelCase(part));
    const resolved: protobuf.Type | protobuf.Enum | null | undefined = field?.resolvedType;
    current = resolved instanceof protobuf.Type ? resolved : null;
  }
  return field?.repeated ?? false;
}

async function requestMessage(
  type: protobuf.Type,
  request: ApiRequest,
  body: string | undefined,
): Promise<unknown> {
  const message: Json = {};
  if (body === '*') Object.assign(message, await request.json());
  else if (body !== undefined) setPath(message, body, await request.json());
  if (body !== '*') {
    for (const key of new Set(request.query.keys())) {
      if (systemParameters.has(key)) continue;
      const all = request.query.getAll(key);
      setPath(message, key, isRepeated(type, key) ? all : all.at(-1));
    }
  }
  for (const [name, value] of Object.entries(request.params)) setPath(message, name, value);
  return normalise(type, message);
}

/**
 * The routes of one service out of its `google.api.http` annotations.
 * A method without an implementation answers 501 UNIMPLEMENTED and names itself.
 */
export function protoRoutes(root: protobuf.Root, serviceName: string, methods: Methods): Route[] {
  const service = root.lookupService(serviceName);
  for (const name of Object.keys(methods)) {
    if (!service.methods[name]) throw new Error(`${serviceName} has no method ${name}`);
  }
  return service.methodsArray.flatMap((rpc) => {
    const options = (rpc.parsedOptions as Record<string, unknown>[] | undefined) ?? [];
    const rule = options.find((option) => '(google.api.http)' in option)?.['(google.api.http)'] as
      HttpRule | undefined;
    if (!rule) return [];
    // Resolved from where the service stands: one package may ship v1 and v1beta2 with types of the same names.
    const { resolvedRequestType: requestType, resolvedResponseType: responseType } = rpc;
    if (!requestType || !responseType) throw new Error(`${rpc.fullName} has unresolved message types`);
    const implementation = methods[rpc.name] as
      ((message: unknown, request: ApiRequest) => unknown) | undefined;
    return bindings(rule).map(({ method, path: template, body }): Route => ({
      method,
      path: template,
      async handle(request) {
        if (!implementation) {
          throw new ApiError(
            'UNIMPLEMENTED',
            `${serviceName}.${rpc.name} is not part of the local cloud yet`,
          );
        }
        const answer = await implementation(await requestMessage(requestType, request, body), request);
        return normalise(responseType, answer ?? {});
      },
    }));
  });
}

import { formatErrors } from '../../pipeline/errors.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { readPipelineFile } from '../../pipeline/read.ts';
import { referencedServices } from '../../pipeline/references.ts';
import type { ServiceConfig } from '../../pipeline/schema.ts';

export interface DeclaredService {
  readonly pipeline: Pipeline;
  readonly service: ServiceConfig;
  /** Services whose address it is given, and that everybody may call once they are released. */
  readonly publicOthers: readonly string[];
}

/** What pipeline.yaml says of a service. Throws when it is wrong or has no such service. */
export async function declaredService(
  folder: string,
  environment: string,
  name: string,
): Promise<DeclaredService> {
  const loaded = await readPipelineFile(folder, environment);
  if (!loaded.ok) throw new Error(`pipeline.yaml cannot be used:\n${formatErrors(loaded.errors)}`);
  const { pipeline } = loaded;
  const { services } = pipeline;
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (!service)
    throw new Error(
      `pipeline.yaml has no service ${name} in ${environment}; it has ${Object.keys(services).join(', ')}`,
    );
  const publicOthers = referencedServices(service.env).filter((other) => services[other]?.public === true);
  return { pipeline, service, publicOthers };
}

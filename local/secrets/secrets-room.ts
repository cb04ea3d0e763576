import type { CloudContext } from '../core/context.ts';
import type { SecretReader } from '../core/links.ts';
import { loadDescriptors, protoRoutes } from '../core/proto-routes.ts';
import type { Room } from '../core/room.ts';
import { secretManagerMethods } from './secret-manager-methods.ts';
import { createSecretStore } from './secret-store.ts';

/** Secret Manager: secrets, versions, aliases; payloads in files that only their owner can read. */
export function createSecretsRoom(context: CloudContext): { room: Room; secrets: SecretReader } {
  const store = createSecretStore(context);
  return {
    room: {
      name: 'secrets',
      routes: protoRoutes(
        loadDescriptors('@google-cloud/secret-manager'),
        'google.cloud.secretmanager.v1.SecretManagerService',
        secretManagerMethods(context, store),
      ),
    },
    secrets: { access: (name) => store.access(name).payload },
  };
}

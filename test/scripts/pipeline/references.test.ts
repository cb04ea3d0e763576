import { describe, expect, test } from '@jest/globals';
import { referencedServices, resolveEnv } from '../../../scripts/pipeline/references.ts';

const values = {
  project: 'slipway-board',
  region: 'europe-west1',
  commit: '0123456789abcdef0123456789abcdef01234567',
  serviceUrls: { api: 'https://api.example', 'web-2': 'https://web.example' },
};

describe('resolveEnv', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['${project}', 'slipway-board'],
    ['${region}', 'europe-west1'],
    ['${commit}', values.commit],
    ['${services.api.url}/v1', 'https://api.example/v1'],
    ['${services.web-2.url}', 'https://web.example'],
    ['${databases.board.socket}', '/cloudsql/slipway-board:europe-west1:board'],
    ['${project}/${region}', 'slipway-board/europe-west1'],
    ['$${project}', '${project}'],
    ['$$${project}', '$${project}'],
    ['$${a} ${project}', '${a} slipway-board'],
    ['$HOME $$ $', '$HOME $$ $'],
    ['}${project}}', '}slipway-board}'],
  ])('%j becomes %j', (written, expected) => {
    expect(resolveEnv({ A: written }, values)).toEqual({ A: expected });
  });

  test('does not look into what it has put in', () => {
    const urls = { ...values, serviceUrls: { api: '${project}' } };
    expect(resolveEnv({ A: '${services.api.url}' }, urls)).toEqual({ A: '${project}' });
  });

  test.each([
    [
      '${services.other.url}',
      'A needs the address of the service other, which has none yet. Deploy other first.',
    ],
    [
      '${services.toString.url}',
      'A needs the address of the service toString, which has none yet. Deploy toString first.',
    ],
    ['${unknown}', 'The value of A holds ${unknown}, which is no known reference.'],
    ['${project', 'The value of A holds ${project, which is no known reference.'],
  ])('%j throws', (written, message) => {
    expect(() => resolveEnv({ A: written }, values)).toThrow(message);
  });
});

test('referencedServices names each service once, in order', () => {
  const env = {
    A: '${services.web.url} ${services.api.url}',
    B: '$${services.no.url} ${project} ${databases.board.socket}',
    C: '${services.web.url}',
  };
  expect(referencedServices(env)).toEqual(['web', 'api']);
});

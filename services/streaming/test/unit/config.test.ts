import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, readConfig } from '../../src/config.ts';

const complete = {
  DATABASE_HOST: '/cloudsql/project:region:instance',
  DATABASE_NAME: 'board',
  DATABASE_USER: 'app',
  DATABASE_PASSWORD: 'secret-value',
};

describe('readConfig', () => {
  test('fills in what may be left out', () => {
    assert.deepEqual(readConfig(complete), {
      port: 8080,
      host: '0.0.0.0',
      database: {
        host: '/cloudsql/project:region:instance',
        port: 5432,
        database: 'board',
        user: 'app',
        password: 'secret-value',
      },
      identity: {},
    });
  });

  test('takes everything that is set', () => {
    const config = readConfig({
      ...complete,
      PORT: '9000',
      HOST: '127.0.0.1',
      DATABASE_PORT: '6543',
      K_REVISION: 'api-00001-abc',
      COMMIT_SHA: 'abc',
    });
    assert.equal(config.port, 9000);
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.database.port, 6543);
    assert.deepEqual(config.identity, { revision: 'api-00001-abc', commit: 'abc' });
  });

  for (const name of Object.keys(complete)) {
    for (const [how, value] of [
      ['not set', undefined],
      ['empty', ''],
    ] as const) {
      test(`${name} ${how}: names it and shows no value`, () => {
        assert.throws(
          () => readConfig({ ...complete, [name]: value }),
          (error: Error) => {
            assert.ok(error instanceof ConfigError);
            assert.match(error.message, new RegExp(`^environment variable ${name} is not set: it holds `));
            assert.doesNotMatch(error.message, /secret-value|\n/);
            return true;
          },
        );
      });
    }
  }

  test('several missing: names them all', () => {
    assert.throws(() => readConfig({ DATABASE_HOST: 'localhost' }), {
      message:
        'environment variable DATABASE_NAME is not set: it holds the name of the database (nor are DATABASE_USER, DATABASE_PASSWORD)',
    });
  });

  for (const value of ['http', '80a', '-1', '65536', '1e3', ' 80']) {
    test(`PORT ${JSON.stringify(value)}: refused without its value`, () => {
      assert.throws(() => readConfig({ ...complete, PORT: value }), {
        name: 'ConfigError',
        message: 'environment variable PORT is not a port: it holds a whole number from 0 to 65535',
      });
    });
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DatabaseError } from 'pg';
import { errorCode, isTransient } from '../../src/database-error.ts';

function databaseError(code: string): DatabaseError {
  const error = new DatabaseError('message', 7, 'error');
  error.code = code;
  return error;
}

describe('isTransient', () => {
  const cases: readonly [string, unknown, boolean][] = [
    ['connection refused', Object.assign(new Error(), { code: 'ECONNREFUSED' }), true],
    ['a connection that broke', new Error('Connection terminated unexpectedly'), true],
    ['a mistake in this program', new TypeError(), false],
    ['57P03 cannot_connect_now', databaseError('57P03'), true],
    ['57014 query_canceled', databaseError('57014'), true],
    ['53300 too_many_connections', databaseError('53300'), true],
    ['40001 serialization_failure', databaseError('40001'), true],
    ['55P03 lock_not_available', databaseError('55P03'), true],
    ['28P01 invalid_password', databaseError('28P01'), false],
    ['3D000 invalid_catalog_name', databaseError('3D000'), false],
    ['42601 syntax_error', databaseError('42601'), false],
    ['23514 check_violation', databaseError('23514'), false],
  ];
  for (const [name, error, expected] of cases) test(name, () => assert.equal(isTransient(error), expected));
});

describe('errorCode', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.3:5432'), { code: 'ECONNREFUSED' });
  const cases: readonly [string, unknown, string][] = [
    ['of Postgres', databaseError('28P01'), '28P01'],
    ['of the network', refused, 'ECONNREFUSED'],
    ['of the first address tried', new AggregateError([refused]), 'ECONNREFUSED'],
    ['none', new Error('timeout expired'), 'no answer'],
    ['not an error', 'text', 'no answer'],
  ];
  for (const [name, error, expected] of cases) test(name, () => assert.equal(errorCode(error), expected));
});

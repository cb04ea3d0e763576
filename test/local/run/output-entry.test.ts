import { describe, expect, test } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { eachLine } from '../../../local/core/output-lines.ts';
import { outputEntry } from '../../../local/run/output-entry.ts';

const revision = 'projects/p/locations/l/services/web/revisions/web-a';

describe('a line that a container writes', () => {
  test.each<[string, object]>([
    ['plain text', { textPayload: 'plain text' }],
    ['{"severity":"WARNING","message":"m"}', { severity: 'WARNING', jsonPayload: { message: 'm' } }],
    ['{"severity":"warning","a":1}', { severity: 'WARNING', jsonPayload: { a: 1 } }],
    ['{"severity":"loud","a":1}', { jsonPayload: { a: 1 } }],
    [
      '{"message":"m","logging.googleapis.com/trace":"projects/p/traces/t","logging.googleapis.com/labels":{"n":1}}',
      { jsonPayload: { message: 'm' }, trace: 'projects/p/traces/t', labels: { instanceId: 'i', n: '1' } },
    ],
    ['{"httpRequest":{"status":200}}', { jsonPayload: {}, httpRequest: { status: 200 } }],
    ['{not json}', { textPayload: '{not json}' }],
    ['[1,2]', { textPayload: '[1,2]' }],
    ['"text"', { textPayload: '"text"' }],
  ])('%s', (line, expected) => {
    expect(outputEntry(revision, 'i', 'stderr', line)).toEqual({
      logName: 'projects/p/logs/run.googleapis.com%2Fstderr',
      resource: {
        type: 'cloud_run_revision',
        labels: {
          project_id: 'p',
          location: 'l',
          service_name: 'web',
          configuration_name: 'web',
          revision_name: 'web-a',
        },
      },
      labels: { instanceId: 'i' },
      ...expected,
    });
  });
});

describe('the lines of a stream', () => {
  test.each<[string, (string | Buffer)[], string[]]>([
    ['cut anywhere', ['on', 'e\ntw', 'o\n'], ['one', 'two']],
    ['without an end', ['one\ntwo'], ['one', 'two']],
    ['with carriage returns', ['one\r\ntwo\r\n'], ['one', 'two']],
    ['empty', ['\n\n', ''], []],
    ['with a character cut in two', [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], ['é']],
    ['too long', ['x'.repeat(250_003), '\nend'], ['x'.repeat(250_000), 'xxx', 'end']],
  ])('%s', async (_, chunks, expected) => {
    const stream = new PassThrough();
    const lines: string[] = [];
    eachLine(stream, (line) => lines.push(line));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await finished(stream);
    expect(lines).toEqual(expected);
  });
});

import { describe, expect, test } from '@jest/globals';
import { parseJunit } from '../../../scripts/builder/junit.ts';

const nodeReport = `<?xml version="1.0" encoding="utf-8"?>
<testsuites>
	<testsuite name="readConfig &lt;y>" time="0.002224" tests="4" failures="1" skipped="2">
		<testcase name="names what is missing" time="0.25" classname="readConfig" file="/w/test/a.test.ts" failure="1 == 2">
			<failure type="testCodeFailure" message="1 == 2">
Error [ERR_TEST_FAILURE]: 1 == 2
  cause: AssertionError [ERR_ASSERTION]: 1 == 2
      at TestContext.&lt;anonymous> (file:///w/test/a.test.ts:4:30)
      at helper (file:///w/test/a.test.ts:9:1)
			</failure>
		</testcase>
		<testcase name="passes" time="0.5" file="/w/test/a.test.ts"/>
		<testcase name="later" time="0"><skipped type="todo" message="true"/></testcase>
	</testsuite>
	<testcase name="top" time="1" file="/w/test/b.test.ts"><failure message="a &amp; b"><![CDATA[no <stack>]]></failure></testcase>
	<!-- tests 4 -->
</testsuites>
`;

describe('parseJunit', () => {
  test('the report of the Node test runner', () => {
    expect(parseJunit(nodeReport)).toEqual([
      {
        name: 'readConfig <y> › names what is missing',
        outcome: 'failed',
        seconds: 0.25,
        file: '/w/test/a.test.ts',
        line: 4,
        message: '1 == 2',
      },
      { name: 'readConfig <y> › passes', outcome: 'passed', seconds: 0.5, file: '/w/test/a.test.ts' },
      { name: 'readConfig <y> › later', outcome: 'skipped', seconds: 0 },
      { name: 'top', outcome: 'failed', seconds: 1, file: '/w/test/b.test.ts', message: 'a & b' },
    ]);
  });

  test('a test within a test: the line that failed, not the one where the inner test begins', () => {
    const report = `<testsuites><testcase name="a" file="/w/a.test.ts"><failure message="no">
Error [ERR_TEST_FAILURE]: no
    at TestContext.&lt;anonymous> (file:///w/a.test.ts:3:11) {
  cause: AssertionError: no
      at TestContext.&lt;anonymous> (file:///w/a.test.ts:4:12)
</failure></testcase></testsuites>`;
    expect(parseJunit(report)[0]?.line).toBe(4);
  });

  test('a test that the runner tried again, and that passed then', () => {
    const report =
      '<testsuites><testcase name="a" time="1"><flakyFailure message="no"/></testcase><testcase name="b"><failure message="no"/><rerunFailure message="no"/></testcase></testsuites>';
    expect(parseJunit(report)).toEqual([
      { name: 'a', outcome: 'passed', flaky: true, seconds: 1 },
      { name: 'b', outcome: 'failed', seconds: 0, message: 'no' },
    ]);
  });

  test.each([
    [
      'a lone suite is a report',
      '<testsuite name="s"><testcase name="t" time="0.1"/></testsuite>',
      [{ name: 't', outcome: 'passed', seconds: 0.1 }],
    ],
    [
      'an error is a failure; without a message its first line counts',
      "<testsuites><testcase name='t'><error>\n boom\n at x</error></testcase></testsuites>",
      [{ name: 't', outcome: 'failed', seconds: 0, message: 'boom' }],
    ],
    [
      'suites within suites',
      '<testsuites><testsuite name="a"><testsuite name="b"><testcase name="c"/></testsuite></testsuite></testsuites>',
      [{ name: 'a › b › c', outcome: 'passed', seconds: 0 }],
    ],
    ['a report of no test', '<testsuites/>', []],
  ])('%s', (_what, xml, expected) => {
    expect(parseJunit(xml)).toEqual(expected);
  });

  test.each([
    ['half a file', nodeReport.slice(0, 700), /^line \d+: /],
    ['nothing', '', 'line 1: there is no element'],
    ['a closing tag too many', '<testsuites/></testsuites>', 'line 1: </testsuites> closes nothing'],
    ['tags across', '<testsuites>\n<testsuite></testsuites>', 'line 2: </testsuites> closes nothing'],
    ['no XML', 'ok 1 - passes\n<', /line 2: this is no XML/],
    ['another document', '<html></html>', 'its root is <html>'],
  ])('%s is refused with its place', (_what, xml, message) => {
    expect(() => parseJunit(xml)).toThrow(message);
  });
});

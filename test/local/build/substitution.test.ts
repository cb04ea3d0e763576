import { describe, expect, test } from '@jest/globals';
import { substituteBuild } from '../../../local/build/substitute-build.ts';
import { expandTemplate } from '../../../local/build/substitution-template.ts';

const values: Readonly<Record<string, string>> = {
  _FOO: 'foo/bar.baz',
  _EMPTY: '',
  PROJECT_ID: 'proj',
  _FOO2: 'two',
  TAG_NAME: 'v1.2.3',
};
const lookup = (key: string): string | undefined => values[key];

describe('plain templates', () => {
  test.each([
    ['$_FOO', 'foo/bar.baz'],
    ['${_FOO}', 'foo/bar.baz'],
    ['a${PROJECT_ID}b$PROJECT_ID/c', 'aprojbproj/c'],
    ['$_FOO2', 'two'],
    ['$$_FOO', '$_FOO'],
    ['$$$_FOO', '$foo/bar.baz'],
    ['$$$$_FOO', '$$_FOO'],
    ['$${_FOO}', '${_FOO}'],
    ['$foo ${foo} $1 $? $(cmd) $', '$foo ${foo} $1 $? $(cmd) $'],
    ['$MISSING|${MISSING}', '|'],
    ['${_FOO:-x}', '${_FOO:-x}'],
    ['${_FOOlower}', '${_FOOlower}'],
    ['${_FOO', '${_FOO'],
    ['', ''],
  ])('%s', (template, expected) => {
    expect(expandTemplate(template, { lookup, dynamic: false }).text).toBe(expected);
  });
});

describe('bash expansions', () => {
  test.each([
    ['${_EMPTY:-default}', 'default'],
    ['${_MISSING:-${_FOO2}-x}', 'two-x'],
    ['${_FOO:-default}', 'foo/bar.baz'],
    ['${_FOO:4}', 'bar.baz'],
    ['${_FOO:4:3}', 'bar'],
    ['${_FOO: -3}', 'baz'],
    ['${_FOO:0:-4}', 'foo/bar'],
    ['${_FOO:99}', ''],
    ['${_FOO/o/0}', 'f0o/bar.baz'],
    ['${_FOO//o/0}', 'f00/bar.baz'],
    ['${_FOO//\\//-}', 'foo-bar.baz'],
    ['${TAG_NAME//./-}', 'v1-2-3'],
    ['${_FOO//[ao]/}', 'f/br.bz'],
    ['${_FOO/$PROJECT_ID/x}', 'foo/bar.baz'],
    ['${_FOO#*/}', 'bar.baz'],
    ['${_FOO##*[/.]}', 'baz'],
    ['${_FOO%.*}', 'foo/bar'],
    ['${_FOO%%/*}', 'foo'],
    ['${_FOO#nothing}', 'foo/bar.baz'],
    ['${_FOO^^}', 'FOO/BAR.BAZ'],
    ['${_FOO^}', 'Foo/bar.baz'],
    ['${TAG_NAME#v}', '1.2.3'],
    ['${PROJECT_ID,,}', 'proj'],
    ['$${_FOO:-x}', '${_FOO:-x}'],
  ])('%s', (template, expected) => {
    expect(expandTemplate(template, { lookup, dynamic: true })).toMatchObject({ text: expected, errors: [] });
  });

  test.each(['${_FOO@Q}', '${_FOO:=x}', '${_FOO:?x}', '${_FOO/#a/b}', '${_FOO[0]}', '${_FOO:4:-9}'])(
    '%s is refused',
    (template) => {
      const { errors } = expandTemplate(template, { lookup, dynamic: true });
      expect(errors).toEqual([expect.stringContaining(`${template}: this expansion is not supported`)]);
    },
  );
});

describe('a whole build', () => {
  const builtIns = { PROJECT_ID: 'p', BUILD_ID: 'b-1' };

  test('every field that Cloud Build substitutes, and script left alone', () => {
    const { build, issues } = substituteBuild(
      {
        steps: [
          {
            name: 'n-$_A',
            args: ['$_A', '$$_A'],
            env: ['X=$_A'],
            dir: 'd-$_A',
            entrypoint: 'e-$_A',
            id: 'i-$_A',
            script: '$_A',
          },
        ],
        images: ['img:$_A'],
        tags: ['t-$_A'],
        logsBucket: 'gs://$_A',
        serviceAccount: 'sa-$_A',
        options: { env: ['G=$_A'] },
        artifacts: { images: ['ai-$_A'], objects: { location: 'gs://$_A/', paths: ['p-$_A'] } },
        availableSecrets: {
          secretManager: [{ versionName: 'projects/$PROJECT_ID/secrets/s/versions/1', env: 'S' }],
        },
        substitutions: { _A: 'v' },
      },
      builtIns,
    );
    expect(issues).toEqual([]);
    expect(build).toEqual({
      steps: [
        {
          name: 'n-v',
          args: ['v', '$_A'],
          env: ['X=v'],
          dir: 'd-v',
          entrypoint: 'e-v',
          id: 'i-$_A',
          script: '$_A',
        },
      ],
      images: ['img:v'],
      tags: ['t-v'],
      logsBucket: 'gs://v',
      serviceAccount: 'sa-v',
      options: { env: ['G=v'] },
      artifacts: { images: ['ai-v'], objects: { location: 'gs://v/', paths: ['p-v'] } },
      availableSecrets: { secretManager: [{ versionName: 'projects/p/secrets/s/versions/1', env: 'S' }] },
      substitutions: { _A: 'v' },
    });
  });

  test('dynamic values may name other values', () => {
    const {
      build,
      values: all,
      issues,
    } = substituteBuild(
      {
        steps: [{ name: '$_IMAGE' }],
        substitutions: {
          _IMAGE: '${_REGION}-docker.pkg.dev/$PROJECT_ID/x:${TAG_NAME:-latest}',
          _REGION: 'eu',
        },
        options: { dynamicSubstitutions: true },
      },
      builtIns,
    );
    expect(issues).toEqual([]);
    expect(build.steps?.[0]?.name).toBe('eu-docker.pkg.dev/p/x:latest');
    expect(all).toMatchObject({ _IMAGE: 'eu-docker.pkg.dev/p/x:latest', BUILD_ID: 'b-1' });
  });

  test('a built-in key that the user gives wins', () => {
    const { build } = substituteBuild(
      { steps: [{ name: '$TAG_NAME' }], substitutions: { TAG_NAME: 'mine' } },
      { TAG_NAME: 'theirs' },
    );
    expect(build.steps?.[0]?.name).toBe('mine');
  });
});

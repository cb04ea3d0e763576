import path from 'node:path';

/**
 * The arrows of the design. Each row: files below `from` may not import files below `to`.
 * `sibling: true` also forbids one room of `from` from importing another room of it.
 */
export const arrows = [
  {
    from: 'functions',
    to: ['local', 'scripts', 'test', 'bench'],
    why: 'functions must not know the local cloud or the scripts exist',
  },
  {
    from: 'local',
    to: ['functions', 'scripts', 'test', 'bench'],
    why: 'the local cloud must not know the pipeline it carries',
  },
  {
    from: 'functions/release',
    to: ['functions/*'],
    except: ['functions/platform'],
    why: 'the record is below the rooms',
  },
  {
    from: 'functions/verdict',
    to: ['functions/*'],
    why: 'the arithmetic of verdicts knows nothing of releases',
  },
  { from: 'functions/platform', to: ['functions/*'], why: 'an adapter knows only its outside system' },
  { from: 'local/core', to: ['local/*'], why: 'the core is below the rooms' },
];

/** Rooms meet in the release record (functions) or in the links of the core (local), never directly. */
export const shared = {
  functions: ['release', 'platform', 'verdict'],
  local: ['core'],
};

const below = (file, folder) => file === folder || file.startsWith(`${folder}/`);

/** The reason why `importer` must not import `imported` (both relative to the root), or undefined. */
export function refusal(importer, imported) {
  for (const { from, to, except = [], why } of arrows) {
    if (!below(importer, from) || below(imported, from)) continue;
    if (except.some((folder) => below(imported, folder))) continue;
    for (const folder of to) {
      const hit = folder.endsWith('/*')
        ? imported.split('/').length > 2 && below(imported, folder.slice(0, -2))
        : below(imported, folder);
      if (hit) return why;
    }
  }
  for (const [house, common] of Object.entries(shared)) {
    const [a, b] = [importer, imported].map((file) =>
      below(file, house) && file.split('/').length > 2 ? file.split('/')[1] : undefined,
    );
    if (a === undefined || b === undefined || a === b || common.includes(b)) continue;
    return `rooms of ${house}/ do not import one another: ${a}/ and ${b}/ meet in ${common.join(' or ')}/`;
  }
  return undefined;
}

/** @type {import('eslint').Rule.RuleModule} */
export const importDirections = {
  meta: { type: 'problem', docs: { description: 'imports follow the arrows of the design' }, schema: [] },
  create(context) {
    const importer = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const check = (node) => {
      const target = node.source?.value;
      if (typeof target !== 'string' || !target.startsWith('.')) return;
      const imported = path.posix.normalize(path.posix.join(path.posix.dirname(importer), target));
      const why = refusal(importer, imported);
      if (why) context.report({ node, message: `${importer} must not import ${imported}: ${why}` });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { shownFile, type Check } from './check.ts';
import { imageScanners, type ImageScanner } from './image-scanners.ts';
import { runTool } from './run-tool.ts';
import { isWorse } from './severity.ts';

/** The first scan of a machine downloads the database of vulnerabilities. */
const timeoutSeconds = 540;

/** What is known to be wrong with the packages in the image. */
export const checkImage: Check = {
  name: 'image-scan',
  summary: 'known vulnerabilities of what is in the image (trivy or grype, where one is installed)',
  exceptions: (policy) => policy['image-scan'].exceptions,
  async look(context) {
    const found = await findScanner(context.searchPath);
    if (!found) return { kind: 'skipped', why: 'no image scanner here (trivy or grype)' };
    const { image } = context;
    if (image === undefined) return { kind: 'skipped', why: 'no image was named (--image)' };
    const { scanner, command } = found;
    const { exitCode, stdout, stderr } = await runTool(command, scanner.args(image), {
      cwd: context.root,
      timeoutSeconds,
    });
    if (exitCode !== 0)
      throw new Error(
        `${scanner.name} could not scan ${image} (exit ${exitCode}): ${stderr.trim().split('\n').at(-1) ?? ''}`,
      );
    const { worst } = context.policy['image-scan'];
    const bad = scanner.read(stdout).filter(({ severity }) => isWorse(severity, worst));
    const file = shownFile(context, 'Dockerfile');
    return {
      kind: 'looked',
      findings: bad.map((each) => ({
        rule: `image-scan/${each.id}`,
        title: each.title === '' ? each.id : each.title,
        message: `${each.package} ${each.version} in the image: ${each.title === '' ? 'a vulnerability' : each.title} (${each.severity}, ${each.id}); ${each.fixedIn === '' ? 'there is no fixed version yet' : `fixed in ${each.fixedIn}: take a newer base image, or a newer package`}`,
        file,
        ...(each.url === '' ? {} : { url: each.url }),
        subject: { id: each.id, package: each.package },
      })),
      notes: [],
      scope: `${image} by ${scanner.name}`,
    };
  },
};

async function findScanner(
  searchPath: string,
): Promise<{ scanner: ImageScanner; command: string } | undefined> {
  for (const scanner of imageScanners)
    for (const folder of searchPath.split(path.delimiter).filter((each) => path.isAbsolute(each))) {
      const command = path.join(folder, scanner.name);
      const runs = await access(command, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (runs) return { scanner, command };
    }
  return undefined;
}

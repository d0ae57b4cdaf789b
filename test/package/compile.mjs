// Compiles projects: node compile.mjs <folder of a TypeScript> <a tsconfig.json>…
// It reports what tsc reports, but does not check the declarations of other packages, which takes most of the time.
import { createRequire } from "node:module";

const [compiler, ...projects] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(compiler);

/** Files that were parsed already, since projects share most of them. */
const parsed = new Map();

for (const project of projects) {
  const { options, fileNames } = ts.getParsedCommandLineOfConfigFile(project, {}, parseHost());
  const program = ts.createProgram(fileNames, options, compilerHost(options));
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program
      .getSourceFiles()
      .filter(isOurs)
      .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  if (options.noEmit !== true) diagnostics.push(...program.emit().diagnostics);
  report(diagnostics);
}

/** Whether a file belongs to the project or to the package. */
function isOurs({ fileName }) {
  return !fileName.includes("/node_modules/") || fileName.includes("/node_modules/namestore/");
}

function compilerHost(options) {
  const host = ts.createCompilerHost(options);
  return {
    ...host,
    getSourceFile(name, version, ...rest) {
      const key = JSON.stringify([name, version, options.module, options.moduleResolution]);
      if (!parsed.has(key)) parsed.set(key, host.getSourceFile(name, version, ...rest));
      return parsed.get(key);
    },
  };
}

function parseHost() {
  return {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic(diagnostic) {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
    },
  };
}

function report(diagnostics) {
  if (diagnostics.length === 0) return;
  process.exitCode = 1;
  process.stdout.write(
    ts.formatDiagnostics(diagnostics, {
      getCurrentDirectory: ts.sys.getCurrentDirectory,
      getNewLine: () => "\n",
      getCanonicalFileName: (name) => name,
    }),
  );
}

import ts from "typescript";

/** Returns the names of the values that each of these declaration files exports, by file. Types are not among them. */
export function declaredValues(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const program = ts.createProgram(files, { module: ts.ModuleKind.NodeNext, types: [], noEmit: true });
  const checker = program.getTypeChecker();
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(file);
      const module = source && checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`${file} is not a module`);
      const values = checker.getExportsOfModule(module).filter((symbol) => isValue(checker, symbol));
      return [file, values.map(({ name }) => name).sort()];
    }),
  );
}

function isValue(checker: ts.TypeChecker, symbol: ts.Symbol): boolean {
  if ((symbol.flags & ts.SymbolFlags.Alias) === 0) return (symbol.flags & ts.SymbolFlags.Value) !== 0;
  const isType = symbol.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false;
  return !isType && (checker.getAliasedSymbol(symbol).flags & ts.SymbolFlags.Value) !== 0;
}

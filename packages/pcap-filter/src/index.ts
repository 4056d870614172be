// Filter expressions to classic BPF, through libpcap: the only package that knows it. It is loaded when one is given.
export { compileExpression } from "./compile.js";
export { ExpressionError } from "./expression-error.js";

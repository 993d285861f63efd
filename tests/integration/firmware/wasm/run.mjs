// Runs Python in MicroPython-as-WebAssembly: node run.mjs <micropython.mjs> <code> <file to be imported>...
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";

const [module, code, ...files] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(module).href);
const python = await loadMicroPython({ heapsize: 192 * 1024, stdout: (line) => console.log(line) });
for (const file of files) python.FS.writeFile("/" + basename(file), readFileSync(file));
try {
  python.runPython("import sys\nsys.path.append('/')");
  python.runPython(code);
} catch (error) {
  console.error(error.message); // without the module's single line of 100 kB
  process.exitCode = 1;
}

#!/usr/bin/env node
// The installed command. A file of its own, because pnpm links it before anything is compiled.
import "../dist/main.js";

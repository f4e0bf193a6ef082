// @parlor/client: see README.md.

export { createClient } from './client.js';
export * from './error.js';
export * from './face.js';
export * from './options.js';
export * from './platform.js';
export * from './protocol.js';
export * from './text.js';
export * from './views.js';

/** The viewer's server; feed it through ViewerSink. */
export { ViewerServer, type ViewerServerOptions } from './viewer-server.js';
export type { ViewerBlock, ViewerFeed, ViewerScan, ViewerSink, ViewerStatus, ViewerTouch } from './source.js';

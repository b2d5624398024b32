/** Numbers that both ends of the viewer agree on; docs/viewer-protocol.md describes them. */

/** Rises when a frame's layout changes; ends of different versions refuse each other. */
export const PROTOCOL_VERSION = 3;
/** The first two bytes of every frame, "FM". */
export const MAGIC = 0x4d46;
/** Bytes of a frame's header: magic u16, version u8, type u8, length u32 (header and padding included). */
export const HEADER_BYTES = 8;
/** Frames are padded with zeros to a multiple of this, so that typed arrays can be viewed in place. */
export const ALIGNMENT = 8;

/** Largest WebSocket message from a client, bytes. */
export const MAX_CLIENT_MESSAGE = 64 * 1024;
/** Largest frame from the server, bytes: a corrupt length must not make the client allocate the world. */
export const MAX_SERVER_FRAME = 256 * 1024 * 1024;

/** Type byte of each frame; those of clients have the top bit set. */
export const FRAME = {
  hello: 1,
  snapshotBegin: 2,
  snapshotEnd: 3,
  reset: 4,
  submapPose: 5,
  meshBlock: 6,
  blockRemoved: 7,
  trajectory: 8,
  keyframes: 9,
  scan: 10,
  status: 11,
  image: 12,
  touch: 13,
  notice: 14,
  camera: 15,
  object: 16,
  objectRemoved: 17,
  clientHello: 0x81,
  control: 0x82,
  resync: 0x83,
  complete: 0x84,
} as const;

/** Where the server answers. Everything needs the token where there is one: as query, bearer or cookie. */
export const PATHS = {
  socket: '/ws',
  mesh: '/download/mesh.glb',
  trajectory: '/download/trajectory.tum',
  status: '/status.json',
} as const;

/** Codes with which the server closes a socket; the reason is a sentence for people. */
export const CLOSE = {
  /** The server ends (standard code). */
  goingAway: 1001,
  /** A message above {@link MAX_CLIENT_MESSAGE} (standard code). */
  tooLarge: 1009,
  /** As many clients as there may be (standard code, "try again later"). */
  full: 1013,
  /** A frame that cannot be decoded. */
  malformed: 4001,
  /** Another version of the protocol: reload the page. */
  version: 4002,
  /** Too many messages a second. */
  rate: 4003,
  /** Nothing was read for too long. */
  stalled: 4004,
  /** No valid first frame in time. */
  silent: 4005,
} as const;

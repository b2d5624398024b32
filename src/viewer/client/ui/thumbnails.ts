import type { ImageFrame, ImageStream } from '../../protocol/index.js';
import { el } from './dom.js';

/**
 * The newest picture of every stream.
 *
 * @example
 * const thumbnails = new Thumbnails(panel.images);
 * thumbnails.setStreams(hello.streams);
 * thumbnails.show(frame);
 */
export class Thumbnails {
  readonly #shown = new Map<number, { img: HTMLImageElement; url: string | undefined }>();
  #streams = new Map<number, ImageStream>();

  constructor(private readonly parent: HTMLElement) {}

  get size(): number {
    return this.#shown.size;
  }

  setStreams(streams: readonly ImageStream[]): void {
    this.#streams = new Map(streams.map((stream) => [stream.stream, stream]));
  }

  show(frame: ImageFrame): void {
    let shown = this.#shown.get(frame.stream);
    if (!shown) {
      const name = this.#streams.get(frame.stream)?.name ?? `stream ${frame.stream}`;
      const img = el('img', { alt: `Newest picture of ${name}` });
      this.parent.append(el('figure', {}, img, el('figcaption', {}, name)));
      shown = { img, url: undefined };
      this.#shown.set(frame.stream, shown);
    }
    if (shown.url !== undefined) URL.revokeObjectURL(shown.url);
    shown.url = URL.createObjectURL(new Blob([frame.jpeg.slice()], { type: 'image/jpeg' }));
    shown.img.src = shown.url;
  }

  clear(): void {
    for (const { url } of this.#shown.values()) if (url !== undefined) URL.revokeObjectURL(url);
    this.#shown.clear();
    this.parent.replaceChildren();
  }
}

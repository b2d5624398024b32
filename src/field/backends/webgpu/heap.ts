import { FeltmapError } from '../../../geometry/errors.js';
import type { PoolRoom } from '../../grid-spec.js';
import type { WorkgroupSizes } from './calibrate.js';
import type { Device, DeviceUser } from './device.js';
import type { Changes, GpuMapOptions } from './gpu-map.js';
import { fieldOfKey, MARK, MAX_FIELDS, PAGE_ROWS } from './layout.js';
import type { Mirror } from './mirror.js';
import { PageTable } from './page-table.js';

/** A field that has pages of the heap. */
export interface HeapField {
  /** What the keys of its pages hold. */
  readonly number: number;
  readonly pages: Mirror;
  /** Makes it known to the device, still empty. */
  announce(): void;
  /** Makes it on a device that was just opened what it was. */
  moveAgain(): void;
  /** No device is left. */
  goOn(): void;
}

export interface HeapOptions {
  readonly software: boolean;
  readonly half: boolean;
  /** Samples of the largest batch. */
  readonly batchSamples: number;
  /** What all fields may hold together. */
  readonly room: PoolRoom;
}

/** Pages beyond what the rows fill: the last one of each field is not full. */
const SPARE_PAGES = 256;

/**
 * The pages on the device that all fields share: as many as engine wasm has room for, or as the device can bind.
 *
 * @example
 * const heap = new Heap(device, { software: false, half: true, batchSamples: 1024, room });
 * heap.add(field, () => console.log('The device is open.'));
 * const changed = heap.takeOver(field); // pages to copy
 * heap.remove(field);
 */
export class Heap implements DeviceUser {
  readonly table = new PageTable();
  readonly half: boolean;
  readonly #device: Device;
  readonly #options: HeapOptions;
  readonly #fields: (HeapField | undefined)[] = [];
  #workgroups: WorkgroupSizes | undefined;
  #capacity = 0;

  constructor(device: Device, options: HeapOptions) {
    this.#device = device;
    this.#options = options;
    this.half = options.half;
  }

  /** Pages that a field may have beside the others as they are. */
  roomFor({ number }: HeapField): number {
    return this.#capacity - 1 - this.table.used + this.table.usedBy(number);
  }

  /** Share of those that it has. */
  fillOf(field: HeapField): number {
    const room = this.roomFor(field);
    return room > 0 ? this.table.usedBy(field.number) / room : 1;
  }

  /**
   * A number for a new field.
   *
   * @throws FeltmapError unsupported beyond MAX_FIELDS
   */
  freeNumber(): number {
    const free = this.#fields.indexOf(undefined);
    const number = free < 0 ? this.#fields.length : free;
    if (number >= MAX_FIELDS)
      throw new FeltmapError('unsupported', `Engine webgpu holds at most ${MAX_FIELDS} fields at a time.`);
    return number;
  }

  /**
   * A new field, still empty.
   *
   * @param opened called once the device is open for the first one
   * @throws LostError when no device can be had for the first one
   */
  add(field: HeapField, opened: () => void): void {
    this.#fields[field.number] = field;
    try {
      if (this.#capacity === 0) this.#openFor(field, opened);
      else
        this.#device.do(
          () => field.announce(),
          () => undefined,
        );
    } catch (error) {
      this.#fields[field.number] = undefined;
      throw error;
    }
  }

  /** Gives a field's pages back. */
  remove({ number }: HeapField): void {
    this.#fields[number] = undefined;
    this.table.release(number);
    this.#device.do(
      () => this.#device.ask('free', number),
      () => undefined,
    );
  }

  #openFor(field: HeapField, opened: () => void): void {
    try {
      this.#open();
      field.announce();
      opened();
      this.#device.use(this);
    } catch (error) {
      this.#capacity = 0;
      throw error;
    }
  }

  #open(): void {
    const { software, half, batchSamples, room } = this.#options;
    const maxPages = room.blocks + room.featureBlocks + Math.ceil(room.rows / PAGE_ROWS) + SPARE_PAGES;
    const options: GpuMapOptions = { maxPages, batchSamples, half };
    const opened = this.#device.ask('open', { software, options, workgroups: this.#workgroups });
    this.#capacity = (opened as { capacity: number }).capacity;
    this.table.reset(this.#capacity);
  }

  /** Threads a workgroup for this device, from here on. */
  set workgroups(sizes: WorkgroupSizes) {
    this.#workgroups = sizes;
    this.#device.ask('workgroups', sizes);
  }

  moveAgain(): void {
    this.#open();
    for (const field of this.#fields) field?.moveAgain();
  }

  goOn(): void {
    for (const field of this.#fields) field?.goOn();
  }

  /**
   * Takes over the new blocks of all fields and how much each changed.
   *
   * @returns pages of this field that changed since they were copied
   * @throws FeltmapError out-of-memory when engine wasm has no room for this field's blocks; LostError
   */
  takeOver({ number, pages: own }: HeapField): number[] {
    const { fresh, keys, marks } = this.#device.ask('changes', number) as Changes;
    const byField = new Map<number, number[]>();
    for (let i = 0; i < fresh.length; i++) {
      const owner = fieldOfKey(keys[4 * i + 2]!);
      const mine = byField.get(owner);
      if (mine) mine.push(i);
      else byField.set(owner, [i]);
    }
    for (const [owner, mine] of byField) this.#fields[owner]?.pages.takeOver(mine, fresh, keys);
    const dirty: number[] = [];
    const { field: owners } = this.table;
    for (let page = 1; page < marks.length / 2; page++) {
      const owner = owners[page]!;
      if (owner === number && marks[2 * page + 1]! & MARK.changed) dirty.push(page);
      this.#fields[owner]?.pages.noteChange(page, marks[2 * page]!);
    }
    own.checkRoom();
    return dirty;
  }
}

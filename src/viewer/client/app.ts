import { Vector3 } from 'three';
import type { HelloFrame, StatusFrame } from '../protocol/index.js';
import { Session, type SessionView } from './model/session.js';
import { CAMERA_MODES, SettingsStore, settingsFromHash, type CameraMode } from './model/settings.js';
import { localStorageIfAllowed } from './model/storage.js';
import { Connection, type LinkStatus } from './net/connection.js';
import { SHADINGS } from './scene/shading.js';
import { SceneView } from './scene/view.js';
import type { FeltmapState } from './test-state.js';
import { ICONS, el, iconButton, setText } from './ui/dom.js';
import { downloadMesh, downloadObjects, downloadPicture, downloadTrajectory } from './ui/downloads.js';
import { helpDialog } from './ui/help.js';
import { LinkBanner } from './ui/link-banner.js';
import { isNarrow } from './ui/narrow.js';
import { Overlays } from './ui/overlays.js';
import { Panel } from './ui/panel.js';
import { listenToPointer } from './ui/pointer.js';
import { ReplayBar } from './ui/replay-bar.js';
import { listenToKeys } from './ui/shortcuts.js';
import { currentTheme, nextTheme, watchTheme } from './ui/theme.js';
import { Thumbnails } from './ui/thumbnails.js';
import { Toasts } from './ui/toasts.js';
import { toolRail } from './ui/tool-rail.js';

/**
 * The page: puts connection, session, picture and controls together.
 *
 * @example
 * const app = new App(document.getElementById('app')!);
 * console.log(app.state);
 */
export class App {
  readonly #page = new URL(location.href);
  readonly #settings: SettingsStore;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #view: SceneView;
  readonly #panel: Panel;
  readonly #replay: ReplayBar;
  readonly #overlays = new Overlays();
  readonly #thumbnails: Thumbnails;
  readonly #banner = new LinkBanner(() => this.#connection.open());
  readonly #toasts = new Toasts();
  readonly #help = helpDialog();
  readonly #title = el('span', { class: 'recording' });
  readonly #pill = el('span', { class: 'pill' }, 'connecting');
  readonly #measureButton: HTMLButtonElement;
  readonly #completeButton: HTMLButtonElement;
  readonly #stage = el('div', { class: 'stage' });
  #link: LinkStatus = { state: 'connecting', again: false, reason: '' };
  /** What a click on the surface does. */
  #tool: 'measure' | 'complete' | undefined;
  #lastScans = -1;
  #panelAt = 0;
  #frameMs = 0;
  #frames = 0;
  #lastDraw = 0;
  #seen: number[] = [];

  constructor(root: HTMLElement) {
    // On a narrow screen the panel covers the map: it starts closed there.
    const overrides = { ...(isNarrow() ? { panel: false } : {}), ...settingsFromHash(location.hash) };
    this.#settings = new SettingsStore(localStorageIfAllowed(), overrides);

    const canvas = el('canvas', {
      class: 'map',
      tabindex: '0',
      'aria-label': 'The map in three dimensions. Drag to turn, scroll to zoom; press ? for keys.',
    });
    const complete = (action: 'again' | 'clear'): void =>
      this.#connection.send({ type: 'complete', action, point: [0, 0, 0] });
    this.#panel = new Panel(this.#settings, {
      again: () => complete('again'),
      clear: () => complete('clear'),
      download: () => void downloadObjects(this.#view),
    });
    this.#thumbnails = new Thumbnails(this.#panel.images);
    this.#session = new Session(this.#sessionView(), () => this.#connection.send({ type: 'resync' }));
    this.#view = new SceneView(
      canvas,
      this.#session.trajectory,
      this.#session.submaps,
      this.#settings.current,
    );
    this.#connection = new Connection(this.#page, {
      onFrame: (frame) => this.#session.handle(frame),
      onStatus: (status) => this.#linkChanged(status),
    });
    this.#replay = new ReplayBar((frame) => this.#connection.send(frame));
    this.#measureButton = iconButton(ICONS.measure, 'Measure', 'M', () => this.#toggle('measure'));
    this.#completeButton = iconButton(ICONS.complete, 'Complete an object', 'E', () =>
      this.#toggle('complete'),
    );
    this.#completeButton.hidden = true;

    this.#stage.append(canvas, this.#overlays.label, this.#overlays.element);
    root.replaceChildren(
      this.#stage,
      this.#header(),
      this.#rail(),
      this.#panel.element,
      this.#replay.element,
      this.#banner.element,
      this.#toasts.element,
      this.#help,
    );
    this.#listen(canvas);
    this.#connection.open();
    requestAnimationFrame((now) => this.#frame(now));
  }

  /** What `window.feltmap` shows to tests. */
  get state(): FeltmapState {
    const session = this.#session;
    const { blocks, triangles } = this.#view.groups.statistics;
    return {
      link: this.#link.state,
      session: session.hello?.session ?? '',
      mode: session.hello?.mode ?? '',
      phase: session.status?.phase ?? '',
      snapshots: session.snapshots,
      loading: session.loading,
      blocks,
      triangles,
      trajectory: session.trajectory.length,
      keyframes: session.keyframes.length,
      scans: session.status?.scans ?? 0,
      paused: this.#replay.paused,
      touches: this.#view.touches.size,
      objects: this.#view.objects.size,
      images: this.#thumbnails.size,
      cameras: this.#view.frustums.count,
      shading: this.#view.shading,
      camera: this.#settings.current.camera,
      settled: this.#view.resting,
      drawCalls: this.#view.frame.calls,
      drawnTriangles: this.#view.frame.triangles,
      frames: this.#frames,
      quality: this.#view.governor.step,
      frameMs: this.#frameMs,
      measured: this.#view.measure.distance,
    };
  }

  #sessionView(): SessionView {
    return {
      block: (frame) => this.#view.groups.put(frame),
      blockRemoved: (submap, key, version) => this.#view.groups.remove(submap, key, version),
      snapshotBegin: () => {
        this.#view.groups.beginSnapshot();
        this.#view.objects.clear();
        this.#showObjects();
      },
      snapshotEnd: () => this.#view.groups.endSnapshot(),
      submapMoved: (submap) => this.#view.submapMoved(submap),
      trajectoryChanged: (from) => this.#view.trajectoryChanged(from),
      keyframes: (poses) => this.#view.setKeyframes(poses),
      scan: (frame) => this.#view.setScan(frame),
      image: (frame) => {
        this.#thumbnails.show(frame);
        this.#panel.showImages(this.#settings.current.images);
      },
      camera: (frame) => this.#view.setCamera(frame),
      touch: (frame) => this.#view.addTouch(frame),
      object: (frame) => {
        this.#view.putObject(frame);
        this.#showObjects();
      },
      objectRemoved: (id) => {
        this.#view.removeObject(id);
        this.#showObjects();
      },
      status: (status) => this.#statusChanged(status),
      hello: (hello) => this.#hello(hello),
      notice: (level, text) => this.#toasts.show(level, text),
      clear: () => {
        this.#view.clear();
        this.#thumbnails.clear();
        this.#panel.showImages(false);
        this.#showObjects();
      },
    };
  }

  #hello(hello: HelloFrame): void {
    this.#view.groups.voxel = hello.voxel;
    this.#thumbnails.setStreams(hello.streams);
    this.#replay.hello(hello);
    this.#completeButton.hidden = !hello.can.complete;
    this.#showObjects();
    setText(this.#title, hello.title);
    document.title = hello.title ? `${hello.title} · Feltmap` : 'Feltmap';
    document.body.classList.toggle('has-replay', hello.mode === 'replay');
    document.body.dataset['mode'] = hello.mode;
  }

  #statusChanged(status: StatusFrame): void {
    this.#replay.update(status);
    document.body.classList.toggle('has-replay', !this.#replay.element.hidden);
    if (status.scans !== this.#lastScans) {
      this.#lastScans = status.scans;
      this.#panel.addLatency(status.latency['total'] ?? 0);
    }
    this.#panelAt = 0;
    this.#paintPill();
  }

  #linkChanged(status: LinkStatus): void {
    this.#link = status;
    this.#banner.update(status);
    this.#paintPill();
  }

  #paintPill(): void {
    const { state } = this.#link;
    const status = this.#session.status;
    const live = state === 'open' && status;
    const text = !live
      ? state === 'open'
        ? 'connected'
        : state
      : status.phase === 'running'
        ? status.state
        : status.phase;
    setText(this.#pill, text);
    this.#pill.dataset['state'] = live ? (status.phase === 'running' ? status.state : status.phase) : state;
  }

  #header(): HTMLElement {
    return el(
      'header',
      { class: 'top' },
      el('h1', {}, el('img', { src: './icon.svg', alt: '', width: '24', height: '24' }), 'Feltmap'),
      this.#title,
      this.#pill,
    );
  }

  #rail(): HTMLElement {
    return toolRail(this.#settings, [this.#measureButton, this.#completeButton], {
      setCamera: (mode) => this.#setCamera(mode),
      fit: () => this.#view.resetCamera(),
      help: () => this.#help.showModal(),
      downloads: [
        ['Mesh (GLB)', () => void downloadMesh(this.#page, this.#session, this.#view, this.#online)],
        ['Trajectory (TUM)', () => downloadTrajectory(this.#page, this.#session, this.#online)],
        ['Picture (PNG)', () => this.#savePicture()],
      ],
    });
  }

  get #online(): boolean {
    return this.#link.state === 'open';
  }

  #savePicture(): void {
    // The drawing buffer is only sure to hold the picture right after it was drawn.
    this.#view.invalidate();
    this.#view.draw(performance.now(), this.#session.ages);
    downloadPicture(this.#view);
  }

  #setCamera(mode: CameraMode): void {
    this.#settings.set({ camera: mode });
    this.#view.resetCamera();
  }

  #flip(name: 'slice' | 'scan' | 'path' | 'keyframes' | 'axes' | 'grid' | 'ambient' | 'panel'): void {
    this.#settings.set({ [name]: !this.#settings.current[name] });
  }

  /** Takes a tool, or lays it down where it is in use already. */
  #toggle(tool: 'measure' | 'complete'): void {
    if (tool === 'complete' && !this.#session.hello?.can.complete) return;
    this.#use(this.#tool === tool ? undefined : tool);
  }

  #use(tool: 'measure' | 'complete' | undefined): void {
    this.#tool = tool;
    this.#measureButton.setAttribute('aria-pressed', String(tool === 'measure'));
    this.#completeButton.setAttribute('aria-pressed', String(tool === 'complete'));
    this.#stage.classList.toggle('measuring', tool !== undefined);
    if (tool !== 'measure') this.#view.measure.clear();
    if (tool === 'measure') this.#toasts.show('info', 'Click two points of the surface.');
    if (tool === 'complete') this.#toasts.show('info', 'Click on an object.');
    this.#view.invalidate();
  }

  #showObjects(): void {
    this.#panel.objects.update(this.#view.objects.size, this.#session.hello?.can.complete === true);
  }

  #listen(canvas: HTMLCanvasElement): void {
    const theme = (): void => {
      const name = currentTheme(this.#settings.current.theme);
      document.documentElement.dataset['theme'] = name;
      document
        .querySelector('meta[name=theme-color]')
        ?.setAttribute('content', name === 'dark' ? '#11151d' : '#f4f6fa');
      this.#view.apply(this.#settings.current, name);
    };
    this.#settings.subscribe((settings) => {
      theme();
      document.body.classList.toggle('panel-open', settings.panel);
      this.#panel.element.inert = !settings.panel;
      this.#panel.showImages(settings.images && this.#thumbnails.size > 0);
    });
    watchTheme(theme);
    new ResizeObserver(() => this.#resize()).observe(this.#stage);
    this.#settings.subscribe((_, changed) => {
      if (changed.has('panel')) this.#resize();
    });
    listenToPointer(canvas, {
      click: (x, y) => {
        if (this.#tool !== undefined) this.#mark(x, y);
      },
      doubleClick: (x, y) => this.#lookAt(x, y),
    });
    listenToKeys({
      toggleReplay: () => this.#replay.toggle(),
      shading: (index) => this.#settings.set({ shading: SHADINGS[index]! }),
      camera: (mode) => this.#setCamera(CAMERA_MODES.includes(mode) ? mode : 'orbit'),
      fit: () => this.#view.resetCamera(),
      measure: () => this.#toggle('measure'),
      complete: () => this.#toggle('complete'),
      flip: (name) => this.#flip(name),
      moveSlice: (by) => {
        const at = Math.min(1, Math.max(0, this.#settings.current.sliceAt + by));
        this.#settings.set({ sliceAt: at, slice: true });
      },
      theme: () => this.#settings.set({ theme: nextTheme(this.#settings.current.theme) }),
      help: () => this.#help.showModal(),
      escape: () => this.#use(undefined),
    });
    canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
      this.#toasts.show('error', 'The graphics driver gave up; the picture comes back when it does.');
    });
    canvas.addEventListener('webglcontextrestored', () => this.#view.invalidate());
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#stage;
    const { panel } = this.#settings.current;
    const { offsetWidth, offsetHeight } = this.#panel.element;
    const narrow = isNarrow();
    const inset = { right: panel && !narrow ? offsetWidth : 0, bottom: panel && narrow ? offsetHeight : 0 };
    this.#view.resize(clientWidth, clientHeight, inset);
  }

  #mark(x: number, y: number): void {
    const point = this.#view.pick(x, y);
    if (point && this.#tool === 'complete') {
      const { x: px, y: py, z: pz } = point;
      this.#connection.send({ type: 'complete', action: 'around', point: [px, py, pz] });
      this.#use(undefined);
    } else if (point) this.#view.measure.add(point);
    else this.#toasts.show('info', 'There is no surface at this place.');
    this.#view.invalidate();
  }

  #lookAt(x: number, y: number): void {
    if (this.#tool !== undefined || this.#settings.current.camera === 'follow') return;
    const point = this.#view.pick(x, y);
    if (point) this.#view.rig.lookAt(new Vector3().copy(point));
    this.#view.invalidate();
  }

  #frame(now: number): void {
    requestAnimationFrame((next) => this.#frame(next));
    const begin = performance.now();
    if (this.#view.draw(now, this.#session.ages)) {
      if (this.#lastDraw > 0 && begin - this.#lastDraw < 2000) {
        this.#seen.push(begin - this.#lastDraw);
        if (this.#seen.length > 30) this.#seen.shift();
        this.#frameMs = this.#seen.reduce((sum, ms) => sum + ms, 0) / this.#seen.length;
      }
      this.#lastDraw = performance.now();
      this.#frames++;
      this.#overlays.update(this.#view, this.#settings.current, this.#session.ages);
    } else if (begin - this.#lastDraw > 1000) this.#frameMs = 0;
    if (now - this.#panelAt > 500) {
      this.#panelAt = now;
      const { blocks, triangles } = this.#view.groups.statistics;
      this.#panel.update(this.#session.status, {
        blocks,
        triangles,
        calls: this.#view.frame.calls,
        drawn: this.#view.frame.triangles,
        frameMs: this.#frameMs,
        slice: this.#view.slicePosition(this.#settings.current.sliceAt),
        hasColours: this.#view.groups.hasColours,
      });
    }
    this.#banner.tick(this.#session.loading, this.#view.groups.statistics.blocks, this.#session.expected);
  }
}

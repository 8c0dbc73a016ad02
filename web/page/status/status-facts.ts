/** Owns what the status bar says of the node: its connection, its daemon, where it thinks and what that was proven by. */
import type { LaneReport } from '../../../shared/inference/lane.ts';
import type { ConnectionView, LaneView, NodeView, RoomView } from '../../node/view.ts';
import { formatCount, formatProgress, formatRate } from '../look/format.ts';
import { visibleName } from '../look/visible-name.ts';

export interface StatusFact {
  readonly name: 'Connection' | 'Daemon' | 'Lane' | 'Backend' | 'Model' | 'Queue' | 'Speed';
  readonly value: string;
  /** The reason or the proof, smaller. */
  readonly detail?: string;
  readonly tone: 'plain' | 'good' | 'busy' | 'bad';
  /** Changes so often that a screen reader must not follow it. */
  readonly volatile?: boolean;
}

const LANES: Readonly<Record<LaneReport['lane'], string>> = {
  gguf: 'gguf, in this tab',
  mlc: 'mlc, in this tab',
  companion: 'companion, on this machine',
  endpoint: 'endpoint, your own server',
};
const BACKENDS: Readonly<Record<LaneReport['backend'], string>> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly on the CPU',
  cpu: 'CPU',
  gpu: 'GPU',
  remote: 'another program',
};
export function statusFacts(view: NodeView, room: RoomView | undefined): readonly StatusFact[] {
  return [
    connectionFact(view),
    ...daemonFact(view.connection, room),
    ...laneFacts(view.lane),
    ...queueFact(view),
  ];
}

function connectionFact({ tab, connection }: NodeView): StatusFact {
  const name = 'Connection';
  switch (connection.state) {
    case 'ready':
      return { name, value: 'connected', detail: `companion ${connection.companionVersion}`, tone: 'good' };
    case 'unpaired':
      return { name, value: 'not paired', tone: 'bad' };
    case 'connecting':
      if (tab === 'starting') return { name, value: 'starting', tone: 'busy' };
      return connection.attempt > 1
        ? {
            name,
            value: 'reconnecting',
            detail: `attempt ${connection.attempt}`,
            tone: 'busy',
            volatile: true,
          }
        : { name, value: 'connecting', tone: 'busy' };
  }
}

function daemonFact(connection: ConnectionView, room: RoomView | undefined): readonly StatusFact[] {
  if (connection.state !== 'ready') return [];
  const { daemon } = connection;
  const kind = daemon.kind === 'embedded' ? 'built-in daemon' : 'airc daemon';
  const isGone = daemon.state === 'gone';
  return [
    {
      name: 'Daemon',
      value: isGone ? `${kind}, gone` : kind,
      detail: isGone ? 'looked for again and again' : room ? `room ${visibleName(room.name)}` : 'no room yet',
      tone: isGone ? 'bad' : 'plain',
    },
  ];
}

function laneFacts(lane: LaneView): readonly StatusFact[] {
  const { report, chosenBecause, progress, trouble, speeds, isFreed, isUnloaded } = lane;
  const because = chosenBecause === '' ? {} : { detail: chosenBecause };
  if (trouble) return [{ name: 'Lane', value: 'cannot serve', detail: trouble.message, tone: 'bad' }];
  if (isFreed) return [{ name: 'Lane', value: 'at rest', detail: 'the device is free', tone: 'plain' }];
  if (!report) {
    if (!progress)
      return because.detail === undefined
        ? []
        : [{ name: 'Lane', value: 'chosen', ...because, tone: 'busy' }];
    return [
      { name: 'Lane', value: 'loading', ...because, tone: 'busy' },
      { name: 'Model', value: progress.what, detail: formatProgress(progress), tone: 'busy', volatile: true },
    ];
  }
  return [
    { name: 'Lane', value: LANES[report.lane], ...because, tone: 'plain' },
    { name: 'Backend', value: BACKENDS[report.backend], detail: report.evidence, tone: 'plain' },
    {
      name: 'Model',
      value: visibleName(report.model.name),
      ...modelDetail(report, isUnloaded),
      tone: 'plain',
    },
    ...(speeds?.decodeTokensPerSecond === undefined
      ? []
      : [
          {
            name: 'Speed',
            value: formatRate(speeds.decodeTokensPerSecond),
            tone: 'plain',
            volatile: true,
          } as const,
        ]),
  ];
}

function modelDetail({ model }: LaneReport, isUnloaded: boolean | undefined): Pick<StatusFact, 'detail'> {
  if (isUnloaded) return { detail: 'unloaded while nobody thinks; the next message loads it again' };
  return model.starter ? { detail: 'a small starter; larger ones under Models' } : {};
}

/** Who thinks, and how many wait. */
function queueFact({ lane, people }: NodeView): readonly StatusFact[] {
  if (!lane.report || !lane.queue) return [];
  const { running, waiting } = lane.queue;
  if (running.length === 0 && waiting.length === 0) return [];
  const names = running.map((id) => people.find(({ peerId }) => peerId === id)?.name ?? 'the measurement');
  return [
    {
      name: 'Queue',
      value: names.length === 0 ? 'resting for its share' : `${names.map(visibleName).join(', ')} at work`,
      ...(waiting.length > 0 && { detail: `${formatCount(waiting.length)} waiting` }),
      tone: 'busy',
      volatile: true,
    },
  ];
}

/** Owns what the status bar says of the node: its connection, its daemon, where it thinks and what that was proven by. */
import type { LaneReport } from '../../../shared/inference/lane.ts';
import type { ConnectionView, LaneView, NodeView, RoomView } from '../../node/view.ts';
import { formatProgress, formatRate } from '../look/format.ts';
import { visibleName } from '../look/visible-name.ts';

export interface StatusFact {
  readonly name: 'Connection' | 'Daemon' | 'Lane' | 'Backend' | 'Model' | 'Speed';
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
  remote: 'another program',
};
export function statusFacts(view: NodeView, room: RoomView | undefined): readonly StatusFact[] {
  return [connectionFact(view), ...daemonFact(view.connection, room), ...laneFacts(view.lane)];
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
  const { report, chosenBecause, progress, trouble, tokensPerSecond } = lane;
  const because = chosenBecause === '' ? {} : { detail: chosenBecause };
  if (trouble) return [{ name: 'Lane', value: 'cannot serve', detail: trouble.message, tone: 'bad' }];
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
      ...(report.model.starter && { detail: 'a small starter; larger ones under Models' }),
      tone: 'plain',
    },
    ...(tokensPerSecond === undefined
      ? []
      : [{ name: 'Speed', value: formatRate(tokensPerSecond), tone: 'plain', volatile: true } as const]),
  ];
}

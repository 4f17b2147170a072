// What each client that follows is to be told: the titles that changed, as the pull feed has them, from the beginning.
import { headers, same, url } from './asking.js';

export interface Change {
  readonly position: string;
  readonly status: string;
}

export const QUERY = 'subscription ($after: Position) { titleChanges(after: $after) { position status } }';

export async function pulled(): Promise<readonly Change[]> {
  const answer = await fetch(new URL('/feed/titles?after=0', url), { headers });
  const lines = (await answer.text()).trim().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { position: string; title: { status: string } })
    .map(({ position, title }) => ({ position, status: title.status }));
}

type Followed = AsyncIterableIterator<{ readonly data?: { readonly titleChanges: Change } | null }>;

// Follows from the beginning to the last change, then anew from the middle, as whoever was interrupted does.
export async function follow(begin: (after: string) => Followed): Promise<void> {
  const wanted = await pulled();
  same('something changed', wanted.length > 3, true);
  const middle = Math.floor(wanted.length / 2);
  for (const [after, rest] of [['0', wanted], [wanted[middle - 1]!.position, wanted.slice(middle)]] as const) {
    const told: Change[] = [];
    for await (const result of begin(after)) {
      told.push(result.data!.titleChanges);
      if (told.length === rest.length) break;
    }
    same(`told after ${after}`, told, rest);
  }
}

// @sd-jwt/sd-jwt-vc: attestations verified by published keys, with their status lists and the description of their type.
import { ES256, digest } from '@sd-jwt/crypto-nodejs';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { said, same, url } from './asking.js';

const { standing, ended, now } = JSON.parse(process.env.REGISTRY_ATTESTED ?? '{}') as Record<'standing' | 'ended', string> & { now: number };
// The clock of the server that is asked stands in the past, and moves a second at each look.
const at = { currentDate: now, skewSeconds: 3600 };
const read = async (address: string) => (await fetch(address)).json() as Promise<any>;
const metadata = await read(new URL('/.well-known/jwt-vc-issuer', url).href);
const { keys } = await read(metadata.jwks_uri);
const instance = new SDJwtVcInstance({
  verifier: await ES256.getVerifier(keys[0]),
  hasher: digest,
  hashAlg: 'sha-256',
  loadTypeMetadataFormat: true,
  vctFetcher: read,
});

const { payload, header } = await instance.verify(standing, at);
same('the kind of document', [header?.typ, header?.alg, header?.kid], ['dc+sd-jwt', 'ES256', keys[0].kid]);
same('who issued it', payload.iss, metadata.issuer);
same('the title', [payload.title, payload.name], ['工程师', '王敏']);

const shown = await instance.present(standing, { name: true });
const seen = (await instance.verify(shown, at)).payload;
same('what the holder shows', [seen.name, seen.identity_number, seen.title], ['王敏', undefined, '工程师']);

const refused = await instance.verify(ended, at).catch((error: Error) => error.message);
same('one whose title ended', refused, 'Status is not valid');
const late = await instance.verify(standing, { ...at, currentDate: now + 366 * 86400 }).then(() => 'believed', () => 'refused');
same('one that has expired', late, 'refused');
const [signed = '', ...rest] = standing.split('~');
const forged = [signed.slice(0, -6) + (signed.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'), ...rest].join('~');
const wrong = await instance.verify(forged, at).then(() => 'believed', () => 'refused');
same('one whose signature is another', wrong, 'refused');
said('an attestation verified with its status list and type, disclosed in part; ended, late and forged ones refused');

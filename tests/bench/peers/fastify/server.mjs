// GET /v1/needs/{id} as a Fastify and pg service would do it: TLS, a bearer token looked up and kept for a second, one
// transaction with prepared statements under row level security, JSON from PostgreSQL passed through.
// Arguments: a JSON file with port, workers, certificate, key, connection (of pg), and the statements.
import cluster from 'node:cluster'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import pg from 'pg'

const options = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const TRUST_MS = 1000

function serve() {
  const pool = new pg.Pool({ ...options.connection, max: options.connections })
  const app = Fastify({
    logger: { level: 'info' },
    https: { cert: readFileSync(options.certificate), key: readFileSync(options.key), minVersion: 'TLSv1.3' }
  })
  const principals = new Map()

  async function principalOf(header) {
    if (!header?.startsWith('Bearer ')) return null
    const hash = createHash('sha256').update(header.slice(7)).digest('hex')
    const known = principals.get(hash)
    if (known && known.until > Date.now()) return known.principal
    const found = await pool.query({ name: 'resolve', text: options.resolve, values: [hash], rowMode: 'array' })
    const principal = found.rows[0][0]
    principals.set(hash, { principal, until: Date.now() + TRUST_MS })
    return principal
  }

  app.get('/v1/needs/:id', async (request, reply) => {
    const principal = await principalOf(request.headers.authorization)
    if (!principal) return reply.code(401).send()
    const client = await pool.connect()
    try {
      await client.query({ name: 'begin', text: 'begin' })
      await client.query({
        name: 'enter',
        text: options.enter,
        values: [principal.user_id, principal.side, principal.org_id, principal.roles, principal.region]
      })
      const found = await client.query({ name: 'get', text: options.get, values: [request.params.id], rowMode: 'array' })
      await client.query({ name: 'commit', text: 'commit' })
      if (found.rows.length === 0) return reply.code(404).send()
      const [status, body, , etag] = found.rows[0]
      return reply.code(status).header('etag', etag).type('application/json').send(body)
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  })
  return app.listen({ host: '127.0.0.1', port: options.port })
}

if (cluster.isPrimary) {
  for (let at = 0; at < options.workers; at++) cluster.fork()
  cluster.on('exit', () => process.exit(1))
} else {
  await serve()
}

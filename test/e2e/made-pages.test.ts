/** Pages that are made from the program: what it registers stands there, and nothing else. `npm run docs` writes them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { answerSchemas } from '../../scripts/answer-schemas.js'
import { alertRules } from '../../scripts/alert-rules.js'
import { dashboard } from '../../scripts/dashboard.js'
import { commandsPage, configPage, configSchemaText, focusPage } from '../../scripts/docs.js'
import { manualPages } from '../../scripts/man.js'
import { commandEntries, loadCommands } from '../../src/commands/registry.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

test('docs/commands.md is made from the registries', async () => {
  await expect(await commandsPage()).toMatchFileSnapshot(join(root, 'docs/commands.md'))
})

test('docs/focus.md is made from the columns of the export', async () => {
  await expect(focusPage()).toMatchFileSnapshot(join(root, 'docs/focus.md'))
})

test('the manual pages are made from the registries', async () => {
  const pages = await manualPages(version)
  for (const [name, text] of pages) await expect(text).toMatchFileSnapshot(join(root, 'man', name))
  expect(readdirSync(join(root, 'man')).toSorted()).toEqual([...pages.keys()].toSorted())
})

test('the dashboard and the alert rules are made from their descriptions', async () => {
  await expect(dashboard()).toMatchFileSnapshot(join(root, 'grafana/llmcost-dashboard.json'))
  await expect(alertRules()).toMatchFileSnapshot(join(root, 'grafana/llmcost-alerts.yml'))
})

test('docs/config.md and the JSON Schema are made from the keys of the config file', async () => {
  await expect(configPage()).toMatchFileSnapshot(join(root, 'docs/config.md'))
  await expect(configSchemaText()).toMatchFileSnapshot(join(root, 'schema/llmcost.config.schema.json'))
})

test('the list of commands says what each command says of itself', async () => {
  const entries = commandEntries.map(({ name, summary }) => ({ name, summary }))
  const commands = await loadCommands()
  expect(commands.map(({ name, summary }) => ({ name, summary }))).toEqual(entries)
})

test('the schemas of answers are made from their kinds', async () => {
  for (const [name, text] of answerSchemas()) {
    await expect(text).toMatchFileSnapshot(join(root, 'schema/answers', name))
  }
})

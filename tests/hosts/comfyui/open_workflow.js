#!/usr/bin/env node
// Opens a template in the real page of a running ComfyUI, in Chromium, and tells as JSON what happened.
//
//   open_workflow.js '{"port": 8188, "pack": "…", "template": "…", "locale": "zh", "queue": true, "screenshot": "F.png", "help": ["U2Matte"], "files": []}'
//
// Instead of a template, `files` are workflows to open one after the other; `opened` then holds the prompt of each.
// Problems are unknown nodes, dialogs about missing nodes or models, red nodes, errors of the page, extension files that failed to load, failed runs.
// Environment: COMFY_JS (the folder playwright-core is installed in), CHROMIUM (default: chromium on PATH).
'use strict'
const path = require('path')
const { readFileSync } = require('fs')
const { execFileSync } = require('child_process')
const { createRequire } = require('module')
const { chromium } = createRequire(path.join(process.env.COMFY_JS, 'x.js'))('playwright-core')

const options = { timeout: 120, locale: 'en', ...JSON.parse(process.argv[2]) }
const base = `http://127.0.0.1:${options.port}`
const told = { problems: [], notes: [], nodes: [], listed: false, prompt: null, run: null, help: {}, opened: {} }
const problem = text => told.problems.push(text)

const setting = (key, value) => fetch(`${base}/settings/${key}`, { method: 'POST', body: JSON.stringify(value) })

async function readTemplate () {
  const all = await (await fetch(`${base}/workflow_templates`)).json()
  told.listed = (all[options.pack] || []).includes(options.template)
  const reply = await fetch(`${base}/api/workflow_templates/${encodeURIComponent(options.pack)}/${encodeURIComponent(options.template)}.json`)
  if (!reply.ok) throw new Error(`template ${options.template}: HTTP ${reply.status}`)
  return await reply.json()
}

function watch (page) {
  const state = { starting: true }
  page.on('pageerror', error => {
    const text = (error.stack || error.message).split('\n').slice(0, 3).join(' ').replaceAll(base, '')
    // the page throws once at start by itself
    if (state.starting && !/\/extensions\//.test(text)) told.notes.push(text)
    else problem(`page error: ${text}`)
  })
  page.on('console', message => {
    const text = message.location().url + ' ' + message.text()
    if (message.type() === 'error' && !/Failed to load resource/.test(text)) (/\/extensions\//.test(text) ? problem : t => told.notes.push(t))(text.slice(0, 300))
  })
  page.on('response', reply => {
    const watched = /\/extensions\/(?!core\/)|\/api\/(prompt|view|upload|workflow_templates|i18n|object_info)/
    if (reply.status() >= 400 && watched.test(reply.url())) problem(`HTTP ${reply.status()} ${reply.url().replace(base, '')}`)
  })
  return state
}

async function load (page, workflow) {
  const unknown = await page.evaluate(flow => [...new Set(flow.nodes.map(n => n.type).filter(t => !window.LiteGraph.registered_node_types[t]))], workflow)
  if (unknown.length) problem(`unknown nodes: ${unknown.join(', ')}`)
  await page.evaluate(flow => window.app.loadGraphData(flow, true, true), workflow)
  await page.waitForTimeout(1500)
  for (const text of await page.evaluate(() => [...document.querySelectorAll('.p-dialog')].filter(d => d.getClientRects().length)
    .map(d => d.innerText.replace(/\s+/g, ' ').slice(0, 300)))) problem(`dialog: ${text}`)
  told.nodes = await page.evaluate(() => window.app.graph.nodes.map(n => ({
    id: n.id, type: n.type, title: n.title, red: !!n.has_errors,
    inputs: (n.inputs || []).filter(i => !i.widget).map(i => i.localized_name || i.label || i.name),
    outputs: (n.outputs || []).map(o => o.localized_name || o.label || o.name),
    widgets: (n.widgets || []).map(w => [w.name, w.label || w.name, typeof w.value === 'object' ? null : w.value])
  })))
  for (const node of told.nodes) if (node.red) problem(`node ${node.id} (${node.type}) is red`)
  if (told.nodes.length !== workflow.nodes.length) problem(`${told.nodes.length} of ${workflow.nodes.length} nodes were loaded`)
  told.prompt = await page.evaluate(async () => (await window.app.graphToPrompt()).output)
}

async function queue (page) {
  told.run = await page.evaluate(async limit => {
    const api = window.app.api
    const finished = new Promise(resolve => {
      for (const kind of ['execution_success', 'execution_error', 'execution_interrupted']) {
        api.addEventListener(kind, event => resolve({ kind, detail: kind === 'execution_error' ? event.detail.exception_message : '' }))
      }
      setTimeout(() => resolve({ kind: 'timeout' }), limit)
    })
    await window.app.queuePrompt(0, 1)
    const errors = window.app.lastNodeErrors
    if (errors && Object.keys(errors).length) return { kind: 'refused', detail: JSON.stringify(errors).slice(0, 600) }
    return await finished
  }, options.timeout * 1000)
  if (told.run.kind !== 'execution_success') problem(`the run ended with ${told.run.kind}: ${told.run.detail}`)
  await page.waitForTimeout(2000)
}

async function openHelp (page, type) {
  await page.evaluate(type => {
    const known = window.app.graph.nodes.find(n => n.type === type)
    const node = known || window.LiteGraph.createNode(type)
    if (!known) window.app.graph.add(node)
    window.app.canvas.deselectAll()
    window.app.canvas.selectNode(node)
    window.app.canvas.setDirty(true, true)
  }, type)
  await page.waitForTimeout(600)
  await page.locator('[data-testid="info-button"]').click()
  await page.waitForTimeout(1500)
  const shown = await page.evaluate(() => {
    const page = document.querySelector('.node-help-content, .markdown-content')
    return page && { text: page.innerText.slice(0, 2000), pictures: [...page.querySelectorAll('img')].map(i => [i.src, i.naturalWidth]) }
  })
  if (shown) told.help[type] = shown
  else problem(`no help page opened for ${type}`)
}

async function main () {
  const workflow = options.template && await readTemplate()
  await setting('Comfy.TutorialCompleted', true)
  await setting('Comfy.Locale', options.locale)
  await setting('Comfy.Minimap.Visible', false)
  await setting('LiteGraph.Canvas.LowQualityRenderingZoomThreshold', 0.1) // pictures of the page show every word
  const executablePath = process.env.CHROMIUM || execFileSync('which', ['chromium']).toString().trim()
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--use-gl=swiftshader', '--enable-unsafe-swiftshader']
  const browser = await chromium.launch({ executablePath, headless: true, args })
  try {
    const page = await (await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: options.locale })).newPage()
    const state = watch(page)
    await page.goto(base, { waitUntil: 'domcontentloaded' })
    const ready = () => window.app?.graph && window.app.extensionManager && Object.keys(window.LiteGraph.registered_node_types).length > 50
    await page.waitForFunction(ready, null, { timeout: 120000 })
    await page.waitForTimeout(1500)
    await page.keyboard.press('Escape')
    state.starting = false
    if (workflow) await load(page, workflow)
    for (const file of options.files || []) {
      await load(page, JSON.parse(readFileSync(file)))
      told.opened[file] = told.prompt
    }
    if (options.queue) await queue(page)
    await page.evaluate(() => window.app.extensionManager.command.execute('Comfy.Canvas.FitView'))
    await page.waitForTimeout(800)
    for (const type of options.help || []) await openHelp(page, type)
    if (options.screenshot) await page.screenshot({ path: options.screenshot })
  } finally {
    await browser.close()
    await setting('Comfy.Locale', 'en')
  }
}

main().then(() => console.log(JSON.stringify(told)), error => { console.error(error.stack); process.exit(2) })

if vim.g.loaded_aiana then
  return
end
vim.g.loaded_aiana = true

vim.api.nvim_create_user_command('Aiana', function(args)
  require('aiana.command').run(args)
end, {
  nargs = '*',
  bang = true,
  range = true,
  desc = 'Search and keep what coding assistants said (:help :Aiana)',
  complete = function(lead, line)
    return require('aiana.command').complete(lead, line)
  end,
})

vim.api.nvim_create_autocmd('BufReadCmd', {
  group = vim.api.nvim_create_augroup('aiana', {}),
  pattern = 'aiana://*',
  desc = 'Read a session or memory of Aiana',
  callback = function(event)
    require('aiana.document').read(event.buf, event.match)
  end,
})

// The page's words in both languages. English stands in the HTML too, so it reads well before scripts run.
const texts = {
  en: {
    skip: 'Skip to the editor', title: 'API explorer', examples: 'Examples', token: 'Access token',
    tokenNote: 'kept in this tab only', reason: 'Reason for access', reasonNote: 'recorded where an answer shows persons',
    theme: 'Light / dark', document: 'Query',
    hint: 'Ctrl+Enter runs it; Esc, then Tab leaves the editor', run: 'Run', variables: 'Variables (JSON)',
    answer: 'Answer', copy: 'Copy', copied: 'Copied', schema: 'Schema', back: 'Back', search: 'Search types and fields',
    running: 'Running…', offline: 'No answer: is the server running?', choose: 'Choose…',
    badVariables: 'The variables are not a JSON object.', roots: 'Start here', types: 'Types', fields: 'Fields',
    arguments: 'Arguments', values: 'Values', possible: 'Possible types', none: 'Nothing has that name.',
    noSchema: 'The schema could not be read.', deprecated: 'deprecated',
    pretty: 'Prettify', history: 'History', historyNote: 'documents only, kept in this browser', forget: 'Forget all',
    share: 'Share link', shared: 'Link copied; it holds document and variables, no token', headers: 'Headers (JSON)',
    badHeaders: 'The headers are not a JSON object of texts.', view: 'View', asText: 'Text', asTree: 'Tree', asTable: 'Table',
    noList: 'There is no list in this answer.', stop: 'Stop', listening: 'Listening…', ended: 'Ended', line: 'Line',
    noField: 'no such field:', noArgument: 'no such argument:', noType: 'no such type:', noValueNamed: 'not one of the values:',
    noValue: 'a value is missing', noColon: 'a colon and a value are missing after', lacking: 'needed and missing:',
    needsFields: 'fields are to be chosen in', noFieldsIn: 'has no fields to choose:', unexpected: 'unexpected:', unclosed: 'not closed:',
  },
  zh: {
    skip: '跳到编辑器', title: '接口浏览器', examples: '示例', token: '访问令牌', tokenNote: '仅保存在本标签页',
    reason: '查阅理由', reasonNote: '结果含个人信息时将被记录',
    theme: '浅色／深色', document: '查询', hint: '按 Ctrl+Enter 运行；先按 Esc 再按 Tab 离开编辑器', run: '运行',
    variables: '变量（JSON）', answer: '结果', copy: '复制', copied: '已复制', schema: '模式文档', back: '返回',
    search: '搜索类型和字段', running: '运行中…', offline: '没有响应：服务器是否在运行？', choose: '请选择…',
    badVariables: '变量不是 JSON 对象。', roots: '从这里开始', types: '类型', fields: '字段', arguments: '参数',
    values: '取值', possible: '可能的类型', none: '没有匹配的名称。', noSchema: '无法读取模式。', deprecated: '已弃用',
    pretty: '整理格式', history: '历史记录', historyNote: '仅保存查询语句，保存在本浏览器', forget: '全部清除',
    share: '分享链接', shared: '链接已复制：含查询和变量，不含令牌', headers: '请求头（JSON）',
    badHeaders: '请求头不是由文本组成的 JSON 对象。', view: '显示方式', asText: '文本', asTree: '可折叠', asTable: '表格',
    noList: '结果中没有列表。', stop: '停止', listening: '接收中…', ended: '已结束', line: '行',
    noField: '没有此字段：', noArgument: '没有此参数：', noType: '没有此类型：', noValueNamed: '不是可取的值：',
    noValue: '缺少取值', noColon: '缺少冒号和取值：', lacking: '缺少必填项：',
    needsFields: '须选择字段：', noFieldsIn: '没有可选的字段：', unexpected: '多余或者错误：', unclosed: '未闭合：',
  },
};

let language = localStorage.getItem('explorer.language') ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');

export const text = (key) => texts[language][key];

export function showLanguage() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  const button = document.getElementById('language');
  button.textContent = language === 'zh' ? 'English' : '中文';
  button.lang = language === 'zh' ? 'en' : 'zh';
}

export function switchLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem('explorer.language', language);
  showLanguage();
}

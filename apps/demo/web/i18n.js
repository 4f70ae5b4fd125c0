// Every text of the page, in both languages. Placeholders are {name}.

import { deviceStore } from "./storage.js";

const STORE_KEY = "paydesk.lang";

const zh = {
  title: "收银台 · 演示商店",
  titleWaiting: "待支付 ¥{amount} · 收银台",
  titlePaid: "已支付 · 收银台",
  skip: "跳到主要内容",
  brand: "收银台",
  brandTag: "演示",
  otherLanguage: "English",
  footer: "演示商店：本页只使用 Paydesk 的公开接口。",

  connectionOnline: "已连接",
  connectionFirst: "正在连接",
  connectionAgain: "重新连接中",
  connectionOffline: "网络已断开",
  announceOffline: "网络已断开，正在重新连接。",
  announceOnline: "网络已恢复。",

  balance: "我的点数",
  balanceUnknown: "暂时无法读取",
  pointsUnit: "点",
  points: "{count} 点",
  lots: "点数明细",
  lotsEmpty: "还没有点数，购买后会显示在这里。",
  lotRemaining: "剩余 {remaining} / {granted} 点",
  lotUntil: "{day}到期",
  lotForever: "长期有效",

  shelf: "购买点数",
  shelfLead: "点数用于高清导出、抠图与智能修图。",
  shelfEmpty: "暂无可购买的点数包。",
  shelfFailed: "商品加载失败",
  validDays: "有效期 {days} 天",
  validForever: "长期有效",
  buy: "购买",
  buyLabel: "购买 {title}，{amount} 元，{validity}",
  retry: "重试",

  channels: "支付方式",
  channelWechat: "微信支付",
  channelAlipay: "支付宝",
  appWechat: "微信",
  appAlipay: "支付宝",

  resume: "有一笔订单待支付",
  resumeDetail: "{title} · ¥{amount} · 剩余 {left}",
  resumeGo: "继续支付",

  back: "返回",
  payTitle: "支付订单",
  amountLabel: "应付金额",
  paidLabel: "实付金额",
  qrAlt: "{method}二维码：{title}，{amount} 元",
  qrBroken: "二维码加载失败",
  qrReload: "重新加载",
  qrGone: "二维码已失效",
  qrMaking: "正在生成二维码",
  countdown: "剩余支付时间",
  minuteLeft: "还剩 1 分钟，请尽快支付。",
  hint: "请使用{app}扫一扫",
  hintAfter: "付款后本页会自动更新，无需刷新。",
  openCashier: "在模拟收银台付款",
  openCashierNote: "模拟平台，不会真实扣款。（在新窗口打开）",
  check: "我已付款，查询结果",
  checking: "正在查询…",
  checkedUnpaid: "暂未收到付款，请稍候。",
  orderNo: "订单编号",
  orderTime: "下单时间",
  paidTime: "支付时间",
  validUntil: "有效期至",
  newBalance: "当前点数",

  creating: "正在创建订单…",
  creatingSlow: "平台响应较慢，正在获取二维码…",
  waiting: "等待支付",
  paidPending: "已支付，正在发放…",
  paidPendingNote: "款项已收到，通常几秒内到账，请勿重复支付。",
  granted: "已支付，{goods}已到账",
  grantedNote: "现在就可以使用了。",
  grantFailed: "已支付，发放失败，客服将处理",
  grantFailedNote: "款项已收到，请勿重复支付。联系客服时请提供订单编号。",
  partlyRefunded: "已支付，其中 ¥{amount} 已退款",
  refunded: "已退款 ¥{amount}",
  refundedNote: "款项将原路退回。",
  expired: "订单已过期",
  expiredNote: "请勿再支付此订单。如果刚刚已付款，结果会自动更新，无需重复支付。",
  cancelled: "订单已取消",
  rejected: "支付平台未受理此订单",
  closed: "订单已关闭",
  closedNote: "此订单不能再支付。",
  closing: "订单正在关闭，请勿支付",
  closingNote: "如果刚刚已付款，结果会自动更新。",

  reorder: "重新下单",
  continueShopping: "继续购买",
  dismiss: "关闭通知",

  noteOffline: "网络已断开，付款结果可能延迟显示，请勿重复支付。",
  noteReconnecting: "实时连接已中断，正在重新连接；期间每隔几秒查询一次付款结果。",

  errorTitle: "下单未成功",
  errorUnknownTitle: "未收到下单结果",
  errorGoneTitle: "找不到此订单",
  errorNetwork: "网络连接失败。订单可能已经创建，重试不会重复扣款。",
  errorTimeout: "服务器响应超时。订单可能已经创建，重试不会重复扣款。",
  errorProvider: "支付平台暂时无法访问，请稍后重试。",
  errorService: "服务暂时不可用，请稍后重试。",
  errorRate: "操作过于频繁，请 {seconds} 秒后重试。",
  errorRateSoon: "操作过于频繁，请稍后重试。",
  errorLimit: "超出支付限额，请选择其他点数包或稍后再试。",
  errorChannel: "暂不支持此支付方式。",
  errorGone: "此商品不存在，可能已下架。",
  errorOrderGone: "登录身份可能已更换。如已付款，请勿重复支付，并联系客服。",
  errorSession: "登录已失效，请刷新页面。",
  errorOther: "出现问题，请稍后重试。",
  requestId: "请求编号",
};

const en = {
  title: "Paydesk · Demo shop",
  titleWaiting: "Pay ¥{amount} · Paydesk",
  titlePaid: "Paid · Paydesk",
  skip: "Skip to main content",
  brand: "Paydesk",
  brandTag: "Demo",
  otherLanguage: "中文",
  footer: "Demo shop: this page uses only the public API.",

  connectionOnline: "Connected",
  connectionFirst: "Connecting",
  connectionAgain: "Reconnecting",
  connectionOffline: "Offline",
  announceOffline: "You are offline. Reconnecting.",
  announceOnline: "You are back online.",

  balance: "My points",
  balanceUnknown: "Not available now",
  pointsUnit: "points",
  points: "{count} points",
  lots: "Details",
  lotsEmpty: "No points yet. What you buy will show here.",
  lotRemaining: "{remaining} of {granted} left",
  lotUntil: "Expires {day}",
  lotForever: "Never expires",

  shelf: "Buy points",
  shelfLead: "Use points for HD export, cut-outs and smart retouching.",
  shelfEmpty: "No packages for sale right now.",
  shelfFailed: "The packages could not be loaded",
  validDays: "Valid for {days} days",
  validForever: "Never expires",
  buy: "Buy",
  buyLabel: "Buy {title}, {amount} yuan, {validity}",
  retry: "Try again",

  channels: "Payment method",
  channelWechat: "WeChat Pay",
  channelAlipay: "Alipay",
  appWechat: "WeChat",
  appAlipay: "Alipay",

  resume: "Unpaid order",
  resumeDetail: "{title} · ¥{amount} · {left} left",
  resumeGo: "Continue",

  back: "Back",
  payTitle: "Pay for your order",
  amountLabel: "Amount due",
  paidLabel: "Amount paid",
  qrAlt: "{method} QR code: {title}, {amount} yuan",
  qrBroken: "The QR code did not load",
  qrReload: "Load again",
  qrGone: "QR code no longer valid",
  qrMaking: "Making the QR code",
  countdown: "Time left to pay",
  minuteLeft: "One minute left to pay.",
  hint: "Scan with {app}",
  hintAfter: "This page updates by itself once you have paid.",
  openCashier: "Pay at the simulated cashier",
  openCashierNote: "A simulated platform: no real money. (Opens in a new window)",
  check: "I have paid, check now",
  checking: "Checking…",
  checkedUnpaid: "No payment received yet. Please wait a moment.",
  orderNo: "Order number",
  orderTime: "Ordered at",
  paidTime: "Paid at",
  validUntil: "Valid until",
  newBalance: "Points now",

  creating: "Creating your order…",
  creatingSlow: "The platform is slow. Waiting for the QR code…",
  waiting: "Waiting for payment",
  paidPending: "Paid. Adding your points…",
  paidPendingNote: "Your payment has arrived. This takes a few seconds; please do not pay again.",
  granted: "Paid. {goods} added to your account",
  grantedNote: "They are ready to use.",
  grantFailed: "Paid, but the points could not be added. Support will handle it",
  grantFailedNote: "Your payment has arrived; please do not pay again. Quote the order number to support.",
  partlyRefunded: "Paid, of which ¥{amount} has been refunded",
  refunded: "Refunded ¥{amount}",
  refundedNote: "The money goes back the way it came.",
  expired: "This order has expired",
  expiredNote: "Please do not pay it any more. If you have just paid, this page will update by itself; there is no need to pay twice.",
  cancelled: "This order was cancelled",
  rejected: "The payment platform did not accept this order",
  closed: "This order is closed",
  closedNote: "It can no longer be paid.",
  closing: "This order is being closed. Please do not pay it",
  closingNote: "If you have just paid, this page will update by itself.",

  reorder: "Order again",
  continueShopping: "Continue shopping",
  dismiss: "Dismiss",

  noteOffline: "You are offline. The result may show late; please do not pay twice.",
  noteReconnecting: "The live connection was lost and is being restored. Until then the result is checked every few seconds.",

  errorTitle: "Your order was not placed",
  errorUnknownTitle: "No answer to your order yet",
  errorGoneTitle: "This order cannot be found",
  errorNetwork: "The connection failed. Your order may exist already; trying again will not charge you twice.",
  errorTimeout: "The server took too long. Your order may exist already; trying again will not charge you twice.",
  errorProvider: "The payment platform cannot be reached. Please try again later.",
  errorService: "The service is not available right now. Please try again later.",
  errorRate: "Too many requests. Please try again in {seconds} seconds.",
  errorRateSoon: "Too many requests. Please try again in a moment.",
  errorLimit: "This is above your payment limit. Choose another package or try later.",
  errorChannel: "This payment method is not available.",
  errorGone: "This package does not exist; it may have been withdrawn.",
  errorOrderGone: "You may be signed in as somebody else now. If you have paid, please do not pay again and contact support.",
  errorSession: "Your session has ended. Please reload the page.",
  errorOther: "Something went wrong. Please try again later.",
  requestId: "Request ID",
};

const LANGUAGES = {
  zh: { texts: zh, locale: "zh-CN" },
  en: { texts: en, locale: "en" },
};

let current = deviceStore.get(STORE_KEY) === "en" ? "en" : "zh";

/** The text of `key` in the language of the page. */
export function t(key, values = {}) {
  const text = LANGUAGES[current].texts[key];
  if (text === undefined) throw new Error(`no text "${key}" in ${current}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** The BCP 47 tag of the page's language. */
export function locale() {
  return LANGUAGES[current].locale;
}

/** The tag of the language that the switch leads to. */
export function otherLocale() {
  return LANGUAGES[current === "zh" ? "en" : "zh"].locale;
}

/** Goes to the other language and remembers it. */
export function switchLanguage() {
  current = current === "zh" ? "en" : "zh";
  deviceStore.set(STORE_KEY, current);
}

/** The title of a catalog or order item; the server has both. */
export function titleOf(item) {
  return current === "en" ? item.title_en || item.title : item.title;
}
